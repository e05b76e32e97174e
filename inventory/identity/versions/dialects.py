"""What a bare version, a wildcard and the "compatible with" operators mean in each ecosystem's range syntax.

Sources: node-semver, "Ranges"; the Cargo book, "Specifying dependencies"; PEP 440, "Version specifiers";
getcomposer.org, "Versions"; guides.rubygems.org, "Patterns"; hexdocs Version; dart.dev, "Package dependencies".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inventory.identity.versions.errors import UnevaluableVersion
from inventory.identity.versions.intervals import Cut, Intervals, before, interval

_WILDCARD = re.compile(r"(?P<prefix>[vV=]*[0-9]+(?:\.[0-9]+)*)(?:\.[xX*])+(?:[.-].*)?")
_NUMBERS = re.compile(r"[vV=]*(?:[0-9]+!)?(?P<numbers>[0-9]+(?:\.[0-9]+)*)")
_PARTIAL = re.compile(r"[vV=]*[0-9]+(?:\.[0-9]+)?")
_LEADING = re.compile(r"^[vV=]+(?=[0-9])")
_EPOCH = re.compile(r"[0-9]+!")
_STABILITY_FLAG = re.compile(r"@(?:dev|alpha|beta|rc|stable)\b", re.IGNORECASE)
_WORDS = {re.compile(r"\band\b"): ",", re.compile(r"\bor\b"): "||"}

_PADDED = frozenset({"cargo", "hex", "npm", "pub", "swift"})
"""Schemes whose versions have three numbers: a bound with fewer is written out."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The reading of one scheme's ranges."""

    scheme: str

    @property
    def operator_of_bare(self) -> str:
        """What a version without operator means: cargo's `1.2` is `^1.2`; elsewhere it is that version."""
        return "^" if self.scheme == "cargo" else "="

    def prepare(self, text: str) -> str:
        """Bring what only this ecosystem writes into the common grammar."""
        if self.scheme == "composer":
            return _STABILITY_FLAG.sub("", text)
        if self.scheme == "hex":
            for word, sign in _WORDS.items():
                text = word.sub(sign, text)
        return text

    def written(self, version: str) -> str:
        """Return a bound as the ecosystem writes versions: npm's `v1.2` is `1.2.0`."""
        if self.scheme not in _PADDED:
            return version
        bare = _LEADING.sub("", version)
        if not _PARTIAL.fullmatch(bare):
            return bare
        return ".".join([*bare.split("."), "0", "0"][:3])

    def wildcard(self, version: str) -> Intervals | None:
        """Return the span of `1.x`, `1.2.*` or (npm) a version of less than three numbers; None for a plain version."""
        match = _WILDCARD.fullmatch(version)
        if match is not None:
            return self._span(match["prefix"])
        if self.scheme == "npm" and _PARTIAL.fullmatch(version):
            return self._span(version)
        return None

    def widened(self, operator: str, version: str, span: Intervals) -> Intervals:
        """Return what `^1.x` or `~1.x` mean: from the span's start to the operator's own limit."""
        match = _WILDCARD.fullmatch(version)
        prefix = match["prefix"] if match else version
        numbers = _numbers(prefix, scheme=self.scheme)
        if operator != "^":
            return span
        return interval(span[0].low, self._cut(_caret_limit(numbers)))

    def compatible(self, operator: str, version: str) -> Intervals:
        """Return what `^1.2.3`, `~1.2.3`, `~> 1.2.3`, `~=1.2.3` mean: from the version to the next breaking one."""
        numbers = _numbers(version, scheme=self.scheme)
        low = before(self.scheme, self.written(version))
        if operator == "^":
            limit = _caret_limit(numbers)
        elif operator == "~=" or (operator == "~>" and self.scheme != "npm") or self.scheme == "composer":
            limit = _next(numbers, max(len(numbers) - 2, 0))
        else:
            limit = _next(numbers, min(len(numbers) - 1, 1))
        return interval(low, self._cut(limit, like=version))

    def _span(self, prefix: str) -> Intervals:
        numbers = _numbers(prefix, scheme=self.scheme)
        text = ".".join(map(str, numbers))
        # PEP 440's `==1.*` takes in the pre-releases of 1; npm's `1.x` starts at 1.0.0.
        low = before(self.scheme, f"{text}.dev0" if self.scheme == "pypi" else self.written(text))
        return interval(low, self._cut(_next(numbers, len(numbers) - 1)))

    def _cut(self, numbers: tuple[int, ...], *, like: str = "") -> Cut:
        """Cut before the limit; it bears the `v` (golang) or the epoch (pypi) that the lower bound was written with."""
        text = ".".join(map(str, numbers))
        epoch = _EPOCH.match(like) if self.scheme == "pypi" else None
        lead = "v" if self.scheme == "golang" and like.startswith("v") else epoch[0] if epoch else ""
        return before(self.scheme, self.written(f"{lead}{text}"))


def dialect_of(scheme: str) -> Dialect:
    """Return the dialect of a version scheme."""
    return Dialect(scheme)


def _numbers(version: str, *, scheme: str) -> tuple[int, ...]:
    match = _NUMBERS.match(version)
    if match is None:
        raise UnevaluableVersion(scheme, version)
    return tuple(int(part) for part in match["numbers"].split("."))


def _next(numbers: tuple[int, ...], index: int) -> tuple[int, ...]:
    return (*numbers[:index], numbers[index] + 1)


def _caret_limit(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the first version that may break: the leftmost non-zero number goes up, or the last one given."""
    index = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    return _next(numbers, index)
