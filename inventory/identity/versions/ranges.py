"""Version ranges: sets of versions of one ecosystem, however written, with one canonical `vers:` text.

A range is an interval of the version ORDER: a pre-release below the bound is inside (`2.0rc1` is in `<2.0`, and npm's
and PEP 440's rules that hide pre-releases do not apply), because an incident answer over-matches rather than misses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from inventory.identity.versions.errors import RangeError, UnevaluableVersion
from inventory.identity.versions.intervals import EVERYTHING, Cut, Intervals, before, holds, holds_beside, single, union
from inventory.identity.versions.schemes import relaxed, scheme_of, sort_key

_LITERAL = "+~^:@,;$&'()[]"
"""Left as they are in a `vers:` text; what separates or compares (`><=!*|`), `%`, `/` and blanks are encoded."""


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A set of versions. Equal ranges have equal `canonical` texts."""

    type: str
    """The version scheme, named as the purl type."""
    intervals: Intervals
    """Sorted and disjoint."""
    exact: frozenset[str] = frozenset()
    """Listed versions that have no place in the order (commits, words): they match by their text alone."""

    @classmethod
    def everything(cls, purl_type: str) -> VersionRange:
        """Return the range of all versions."""
        return cls(scheme_of(purl_type), EVERYTHING)

    @classmethod
    def of_versions(cls, purl_type: str, versions: Iterable[str]) -> VersionRange:
        """Return the range of exactly these versions; raises RangeError where none or an empty one is listed."""
        scheme = scheme_of(purl_type)
        points: list[Intervals] = []
        exact: set[str] = set()
        for version in versions:
            try:
                points.append(single(scheme, version))
            except UnevaluableVersion:
                exact.add(version)
        return made(scheme, union(points), frozenset(exact))

    @property
    def canonical(self) -> str:
        """The `vers:` text: sorted, alternating, simplified. Source: package-url/vers-spec."""
        return f"vers:{self.type}/{'|'.join(self._constraints())}"

    @property
    def is_everything(self) -> bool:
        """Whether every version is inside."""
        return self.intervals == EVERYTHING

    @property
    def versions(self) -> tuple[str, ...] | None:
        """The versions one by one where the range is a plain list, so that they can be looked up; else None."""
        points = [piece.only_version for piece in self.intervals]
        listed = [version for version in points if version is not None]
        return (*listed, *sorted(self.exact)) if len(listed) == len(points) else None

    def contains(self, version: str) -> bool:
        """Say whether a version is inside; raises UnevaluableVersion where the order cannot tell.

        A listed version matches by its text even where it has no place in the order; an empty one is never inside or
        outside. A bound that names no PEP 440 local label, or no rpm release, speaks of every one: `2.0.1+cpu` is in
        `==2.0.1`.
        """
        if not version.strip():
            raise UnevaluableVersion(self.type, version)
        if version in self.exact or self.is_everything:
            return True
        place = before(self.type, version)
        plain = relaxed(self.type, version)
        if plain == version:
            return holds(self.intervals, place)
        plain_place = before(self.type, plain)
        return holds_beside(self.intervals, place, plain=plain_place, speaks_of_all=self._names_no_variant)

    def contains_exactly(self, version: str) -> bool:
        """Say whether a version is inside by the vers algorithm alone, without the widening of `contains`."""
        return version in self.exact or self.is_everything or holds(self.intervals, before(self.type, version))

    def merge(self, other: VersionRange) -> VersionRange:
        """Return the range of what is in either; raises RangeError for ranges of two ecosystems."""
        if other.type != self.type:
            raise RangeError(f"A range of {self.type} versions and one of {other.type} versions cannot be merged.")
        return made(self.type, union([self.intervals, other.intervals]), self.exact | other.exact)

    def __str__(self) -> str:
        return self.canonical

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionRange) and self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)

    def _names_no_variant(self, cut: Cut) -> bool:
        return relaxed(self.type, cut.version) == cut.version

    def _constraints(self) -> list[str]:
        if self.is_everything:
            return ["*"]
        written: list[str] = []
        lows = [piece.low for piece in self.intervals]
        excluded_low: Cut | None = None
        for piece, next_low in zip(self.intervals, [*lows, None][1:], strict=True):
            if piece.only_version is not None:
                written.append(encode_version(piece.only_version))
                continue
            if piece.low is not None and piece.low is not excluded_low:
                written.append(_constraint(">" if piece.low.after else ">=", piece.low))
            if piece.high is None:
                continue
            if next_low is not None and next_low.after and next_low.same_version(piece.high):
                excluded_low = next_low
                written.append(_constraint("!=", piece.high))
            else:
                written.append(_constraint("<=" if piece.high.after else "<", piece.high))
        return [*written, *sorted(encode_version(version) for version in self.exact)]


def made(scheme: str, intervals: Intervals, exact: frozenset[str] = frozenset()) -> VersionRange:
    """Return the range of these versions; raises RangeError where none is left: such a range is a slip of the pen."""
    if not intervals and not exact:
        raise RangeError("The range holds no version: its bounds exclude each other.")
    if any(not version.strip() for version in exact):
        raise RangeError("The range lists an empty version.")
    return VersionRange(scheme, intervals, exact if intervals != EVERYTHING else frozenset())


def encode_version(version: str) -> str:
    """Return a version as it stands in a `vers:` text."""
    return quote(version, safe=_LITERAL)


def sorted_versions(purl_type: str, versions: Iterable[str]) -> list[str]:
    """Return versions in the order of their ecosystem; those that have no place in it come last, by text."""
    placed: list[str] = []
    misfits: list[str] = []
    for version in versions:
        try:
            sort_key(purl_type, version)
        except UnevaluableVersion:
            misfits.append(version)
        else:
            placed.append(version)
    placed.sort(key=lambda version: sort_key(purl_type, version))
    return placed + sorted(misfits)


def _constraint(comparator: str, cut: Cut) -> str:
    return f"{comparator}{encode_version(cut.version)}"
