"""RPM versions, as rpmvercmp orders them: `~` before the end, `^` after it. Source: rpm-version(7)."""

from __future__ import annotations

import re

from inventory.identity.versions.errors import UnevaluableVersion

Segment = tuple[int, int, str]
RpmKey = tuple[int, tuple[Segment, ...], tuple[Segment, ...]]

_VERSION = re.compile(r"(?:(?P<epoch>[0-9]+):)?(?P<version>[A-Za-z0-9._+~^]+)(?:-(?P<release>[A-Za-z0-9._+~^]+))?")
_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_TILDE: Segment = (-1, 0, "")
_END: Segment = (0, 0, "")
_CARET: Segment = (1, 0, "")


def rpm_key(version: str) -> RpmKey:
    """Return the order key of `[epoch:]version[-release]`; a version without a digit names no version (`latest`)."""
    match = _VERSION.fullmatch(version)
    if match is None or not any(char.isdigit() for char in match["version"]):
        raise UnevaluableVersion("rpm", version)
    return (int(match["epoch"] or 0), _segments(match["version"]), _segments(match["release"] or ""))


def without_release(version: str) -> str:
    """Return the version without its release: what a bound that names no release is about."""
    return version.partition("-")[0]


def _segments(text: str) -> tuple[Segment, ...]:
    return (*map(_segment, _SEGMENT.findall(text)), _END)


def _segment(text: str) -> Segment:
    if text == "~":
        return _TILDE
    if text == "^":
        return _CARET
    return (3, int(text), "") if text.isdigit() else (2, 0, text)
