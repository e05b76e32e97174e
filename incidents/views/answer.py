"""The answer as the page lays it out: tiles, the coverage bar, the lines as they were understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.impact.answer import Status
from supplychain.web.tags import count, package_url

if TYPE_CHECKING:
    from incidents.impact.answer import Asked, Counted, Coverage, Header, IndicatorAnswer, Summary

_SHORT_LIST = 12
_LONG_LIST = 100
_MAX_VERSIONS = 4


@dataclass(frozen=True, slots=True)
class Tile:
    """One class of the answer, in numbers."""

    status: str
    tone: str
    count: Counted


@dataclass(frozen=True, slots=True)
class Tense:
    """How the page speaks of running: what runs now, or what ran at the time asked for. States are those of tags.py."""

    word: str
    state: str
    other_state: str


PRESENT = Tense("running", "running", "not_running")
_PAST = Tense("ran", "ran", "did_not_run")


@dataclass(frozen=True, slots=True)
class BarPart:
    """A part of the coverage bar, in running artifacts."""

    css: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One line of the question: what it was taken for and what it came to, or why it was not asked."""

    line: int | None
    given: str
    kind_words: str
    taken_for: str
    package_href: str
    versions_words: str
    note: str
    """What no match of it cannot tell."""
    problem_text: str
    artifact_count: int
    running_artifact_count: int
    workload_count: int


@dataclass(frozen=True, slots=True)
class AskedLines:
    """All lines, those that were asked apart from those that were not."""

    understood: tuple[AskedLine, ...]
    problems: tuple[AskedLine, ...]

    @property
    def shown(self) -> Sequence[AskedLine]:
        """All of a list that can be read; of a long one what matched most, in the order of its lines."""
        if len(self.understood) <= _LONG_LIST:
            return self.understood
        most = sorted(self.understood, key=lambda line: -line.artifact_count)[:_LONG_LIST]
        kept = {id(line) for line in most}
        return [line for line in self.understood if id(line) in kept]

    @property
    def zero_count(self) -> int:
        return sum(not line.artifact_count for line in self.understood)

    @property
    def more_count(self) -> int:
        return max(0, len(self.understood) - _LONG_LIST)

    @property
    def is_short(self) -> bool:
        return len(self.understood) <= _SHORT_LIST


def tiles(summary: Summary) -> tuple[Tile, ...]:
    """Return the classes in the order a responder reads them."""
    return (
        Tile("affected", "danger", summary.affected),
        Tile("possible", "warning", summary.possible),
        Tile("unknown", "unknown", summary.unknown),
        Tile("cleared", "good", summary.cleared),
        Tile("build_exposure", "busy", summary.build_exposure),
    )


def tense(asked: Asked) -> Tense:
    return PRESENT if asked.at is None and asked.from_ is None and asked.to is None else _PAST


def headline(summary: Summary, *, ran: Tense) -> str:
    """Say the answer in one line. Never "not affected": what is not known to match may still be unknown."""
    affected, possible = summary.affected, summary.possible
    if affected.artifact_count:
        running = f"{affected.running_artifact_count} {ran.word} in {count(affected.workload_count, 'workload')}"
        return f"{count(affected.artifact_count, 'artifact')} affected, {running}"
    if possible.artifact_count:
        return f"No artifact is known to be affected, {possible.artifact_count} possibly"
    return "No known artifact matches"


def coverage_parts(coverage: Coverage) -> tuple[BarPart, ...]:
    """Return what is known of the running artifacts, side by side: complete, partial, nothing."""
    complete, partial = coverage.sbom_complete_count, coverage.sbom_partial_count
    return (
        BarPart("fill-good", 0, complete),
        BarPart("fill-warning", complete, partial),
        BarPart("fill-unknown", complete + partial, coverage.without_sbom_count),
    )


def asked_lines(header: Header) -> AskedLines:
    lines = [_line(indicator) for indicator in header.asked.indicators]
    return AskedLines(
        understood=tuple(line for line in lines if not line.problem_text),
        problems=tuple(line for line in lines if line.problem_text),
    )


def status_words(statuses: Sequence[Status]) -> str:
    """Say which classes the rows are of."""
    return ", ".join(status.value for status in statuses)


def _line(indicator: IndicatorAnswer) -> AskedLine:
    asked = indicator.asked
    purl = _text(asked, "purl")
    return AskedLine(
        line=asked["line"] if isinstance(asked.get("line"), int) else None,  # type: ignore[arg-type]
        given=_text(asked, "given"),
        kind_words=_text(asked, "kind"),
        taken_for=purl
        or _first(asked, "name", "digest", "reference", "value")
        or _origin(asked)
        or _text(asked, "given"),
        note=_text(asked, "note"),
        package_href=package_url(purl) if purl else "",
        versions_words=_versions(asked),
        problem_text=_text(asked, "problem"),
        artifact_count=indicator.artifact_count,
        running_artifact_count=indicator.running_artifact_count,
        workload_count=indicator.workload_count,
    )


def _origin(asked: Mapping[str, object]) -> str:
    """Return what an indicator of origin was taken for, and its window."""
    names = (
        "repository", "path", "url", "id", "runner", "issuer", "identity", "identity_pattern", "key", "sha", "login",
        "cluster", "namespace",
    )  # fmt: skip
    found = [text for name in names if (text := _text(asked, name))]
    window = [f"{name} {text}" for name in ("from", "to") if (text := _text(asked, name))]
    return ", ".join([" ".join(found), *window]) if found else ""


def _versions(asked: Mapping[str, object]) -> str:
    if asked.get("kind") != "package":
        return ""
    if written := _text(asked, "range"):
        return written
    versions = asked.get("package_versions")
    if not isinstance(versions, list) or not versions:
        return "every version"
    more = len(versions) - _MAX_VERSIONS
    shown = ", ".join(str(version) for version in versions[:_MAX_VERSIONS])
    return f"{shown} and {more} more" if more > 0 else shown


def _first(asked: Mapping[str, object], *names: str) -> str:
    return next((text for name in names if (text := _text(asked, name))), "")


def _text(asked: Mapping[str, object], name: str) -> str:
    value = asked.get(name)
    return "" if value is None else str(value)


def about(header: Header | None) -> Mapping[str, object]:
    """Return what the answer's fragments need. Who sees a part is not told what counts all teams."""
    if header is None:
        return {"tense": PRESENT}
    ran = tense(header.asked)
    return {
        "tense": ran,
        "headline": headline(header.summary, ran=ran),
        "coverage_parts": coverage_parts(header.coverage),
        "stale_clusters": [cluster for cluster in header.coverage.clusters if cluster.stale],
        "asked": asked_lines(header),
    }
