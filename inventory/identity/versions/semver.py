"""The semantic-versioning family: npm, cargo, golang, hex, pub, swift, GitHub tags and whatever nobody else claims.

Source: semver.org 2.0.0, section 11. Loose as the tools are: a leading `v` or `=`, missing parts (zero), more than
three parts.
"""

from __future__ import annotations

import re

from inventory.identity.versions.errors import UnevaluableVersion

Identifier = tuple[int, int, str]
SemverKey = tuple[tuple[int, ...], int, tuple[Identifier, ...], tuple[Identifier, ...]]

_VERSION = re.compile(
    r"[vV=]{0,2}(?P<core>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-(?P<pre>[0-9A-Za-z.~_-]+)|(?P<glued>[A-Za-z][0-9A-Za-z.-]*))?"
    r"(?:\+(?P<build>[0-9A-Za-z.~_+-]*))?"
)
_COMMIT = re.compile(r"(?=[0-9]*[a-f])[0-9a-f]{7,64}|[0-9]{40}|[0-9]{64}")
_GO_TOOLCHAIN = re.compile(r"go(?=[0-9])")


def semver_key(version: str) -> SemverKey:
    """Return the order key of a semantic version; build metadata does not count."""
    core, pre, _ = _split(version, scheme="semver")
    return (core, 0 if pre else 1, _identifiers(pre), ())


def golang_key(version: str) -> SemverKey:
    """Return the order key of a Go module version, pseudo-versions included, or of a toolchain (`go1.21rc2`)."""
    core, pre, _ = _split(_GO_TOOLCHAIN.sub("", version), scheme="golang", glued_after=1)
    return (core, 0 if pre else 1, _identifiers(pre), ())


def pub_key(version: str) -> SemverKey:
    """Return the order key of a Dart package version: pub orders build metadata too, after the version without it."""
    core, pre, build = _split(version, scheme="pub")
    return (core, 0 if pre else 1, _identifiers(pre), _identifiers(build))


def is_commit(version: str) -> bool:
    """Say whether the text looks like a git commit: it then has no place in any order."""
    return _COMMIT.fullmatch(version) is not None


def _split(version: str, *, scheme: str, glued_after: int = 2) -> tuple[tuple[int, ...], str, str]:
    match = _VERSION.fullmatch(version)
    if match is None or is_commit(version):
        raise UnevaluableVersion(scheme, version)
    numbers = match["core"].split(".")
    pre, glued, build = match["pre"], match["glued"], match["build"]
    if glued and len(numbers) <= glued_after:
        # `1.2.3beta` is npm's loose form of `1.2.3-beta`; `1.x` and `12ab` are not versions.
        raise UnevaluableVersion(scheme, version)
    end = len(numbers)
    while end > 1 and not numbers[end - 1].strip("0"):
        end -= 1
    return tuple(map(int, numbers[:end])), pre or glued or "", build or ""


def _identifiers(text: str) -> tuple[Identifier, ...]:
    if not text:
        return ()
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split("."))
