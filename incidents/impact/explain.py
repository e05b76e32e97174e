"""Fill in the rows of one page: which documents say it, where in them, by what path, and what runs it where.

A fixed number of statements whatever the page holds. Pointers and paths come from the outlines of the snapshots shown.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from incidents.impact import statements
from incidents.impact.answer import (
    NO_PROVENANCE,
    ArtifactShown,
    Effect,
    Match,
    Provenance,
    Row,
    Status,
    Via,
    WorkloadShown,
)
from incidents.impact.judging import MatchClass
from incidents.impact.listing import LISTED_BY, listed_by
from incidents.impact.near import NOTHING_NEAR, near
from incidents.impact.occurrences import Shown
from incidents.impact.shown import best_confidence, confidence_word, shown_provenance
from incidents.impact.sources import Held, Source, sources_of, steps_of
from incidents.impact.stretches import CLEARED_FROM
from incidents.impact.texts import known_texts, read_texts
from incidents.impact.vex_notes import VEX_NOTES, VexNote, VexNotes
from inventory.graph.families import choose_kinds
from inventory.graph.one_state import GENERIC_PLANS, Statement, as_read
from inventory.graph.packed import sql_array
from inventory.graph.verdicts import VERDICTS, found_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from incidents.impact.candidates import ComponentMatch
    from incidents.impact.facts import Facts
    from incidents.impact.lookup import ArtifactMatch
    from incidents.impact.matching import Matches
    from incidents.impact.texts import Text
    from inventory.graph.one_state import OneState
    from inventory.graph.outline import Occurrence
    from supplychain.exchange import Meanwhile

UNKNOWN_CLASS = 8
_FOUND = (0, 1)
_STATUS = {0: Status.AFFECTED, 1: Status.POSSIBLE, 2: Status.CLEARED, 4: Status.UNKNOWN}
_POSSIBLE_CONFIDENCE = 40
_NAME_CONFIDENCE = 50
"""A component without purl is matched by its name alone."""


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row to fill in: an artifact, and the class the answer's statement gave it."""

    artifact_id: int
    row_class: int


RunRow = tuple[Any, ...]
"""A row of PAGE_RUNS."""
_WORKLOAD, _FIELDS = 4, 5
"""Where in it the workload stands, and where the fields of what is shown of it begin."""


@dataclass(frozen=True, slots=True)
class _Runs:
    """What runs one row's artifact.

    `reported` are the other digests that clusters report for what surely is this one; `candidates` what its containers
    may be, where that is not sure.
    """

    workloads: tuple[WorkloadShown, ...]
    reported: frozenset[int] = frozenset()
    candidates: frozenset[int] = frozenset()

    @classmethod
    def of(cls, rows: Sequence[RunRow]) -> Self:
        """Take the rows of one artifact; each interval is shown once, and of pods that tell the same one."""
        workloads = [WorkloadShown(*row[_FIELDS:]) for row in rows]
        if len({row[_WORKLOAD] for row in rows}) < len(rows):
            once = dict.fromkeys(zip(workloads, (reported for _, _, reported, *_ in rows), strict=True))
            workloads = [workload for workload, _ in once]
        ways = {row[:_WORKLOAD] for row in rows}
        return cls(
            tuple(workloads),
            frozenset(reported for owner, _, reported, certainty in ways if certainty == 0 and reported != owner),
            frozenset(candidate for _, candidate, _, certainty in ways if certainty > 0),
        )


_NOTHING_RUNS = _Runs(())


class _Named(NamedTuple):
    """A row of PAGE_ARTIFACTS."""

    artifact_id: int
    digest: str | None
    label_name: str
    label_version: str
    names: list[str]

    @property
    def shown_names(self) -> tuple[str, ...]:
        if self.digest is not None:
            return tuple(self.names)
        return (f"{self.label_name}:{self.label_version}" if self.label_version else self.label_name,)


def fill(
    rows: Sequence[PageRow],
    *,
    matches: Matches,
    parameters: Mapping[str, object],
    is_now: bool,
    state: OneState,
    facts: Facts | None = None,
    meanwhile: Meanwhile | None = None,
) -> tuple[Row, ...]:
    """Return the rows of a page, in the order given, and end the state they are read in; at most two round trips.

    `parameters` are those of the answer's statement; `facts` what it found, where this page goes with it. `meanwhile`
    is done while the page is read, and what it returns is written with the state's end.
    """
    ids = [row.artifact_id for row in rows]
    if not ids:
        state.fetch_together(last=True, meanwhile=meanwhile)
        return ()
    shows_cleared = any(row.row_class // 2 == MatchClass.CLEARED // 2 for row in rows)
    components = {match.component_id for match in matches.components}
    if shows_cleared:
        components.update(matches.candidates.ids)
    tells = facts is not None and facts.tell_components and not (shows_cleared and matches.is_long)
    shown = Shown(components)
    wanted = {
        **parameters,
        **shown.parameters,
        **(near(ids, facts=facts) if facts is not None and tells else NOTHING_NEAR),
        "ids": ids,
        "components": sql_array(components),
    }
    filling = _Filling(rows, matches=matches, shown=shown, shows_cleared=shows_cleared)
    state.fetch_last(
        Statement(as_read, statements.PAGE_FAMILY, wanted),
        Statement(Held, _matches_statement(len(components), row_count=len(ids), facts=facts), wanted),
        GENERIC_PLANS,
        Statement(as_read, statements.page_runs(is_now=is_now), wanted),
        Statement(_Named, statements.PAGE_ARTIFACTS, wanted),
        Statement(as_read, statements.PAGE_KINDS, wanted),
        Statement(found_origin, VERDICTS, wanted),
        Statement(VexNote, VEX_NOTES, wanted),
        Statement(as_read, LISTED_BY, wanted),
        meanwhile=meanwhile,
        early=filling.take,
    )
    return filling.filled(state)


def _matches_statement(component_count: int, *, row_count: int, facts: Facts | None) -> str:
    span_count = 0 if facts is None else len(facts.spans)
    return statements.page_matches(component_count, row_count=row_count, span_count=span_count)


class _Filling:
    """Puts a page together while the server ends the state and writes the answer down, where all texts are known."""

    def __init__(self, rows: Sequence[PageRow], *, matches: Matches, shown: Shown, shows_cleared: bool) -> None:
        self._rows, self._matches, self._shown, self._shows_cleared = rows, matches, shown, shows_cleared
        self._steps: set[int] = set()
        self._page: Callable[..., _Page] | None = None
        self._filled: tuple[Row, ...] | None = None

    def take(self, read: Sequence[Any]) -> None:
        """Take the rows of the page's statements."""
        _, held, _, ran, named, stated, origins, vex, indexes = read
        matches = self._matches
        runs = {owner: _Runs.of(list(rows)) for owner, rows in groupby(ran, key=itemgetter(0))}
        holders = {row.artifact_id for row in self._rows}.union(*(found.candidates for found in runs.values()))
        sources = sources_of(held, holders=holders, shown=self._shown)
        found = {component_id for each in held for component_id in each.components}
        self._steps = steps_of(sources.values())
        self._page = partial(
            _Page,
            artifacts=_artifacts(named, stated=stated),
            runs=runs,
            sources=sources,
            by_component=_by_component(
                [match for match in matches.components if match.component_id in found],
                matches.candidates.cleared(found) if self._shows_cleared else (),
            ),
            named=_named(matches),
            provenance={found.artifact_id: shown_provenance(found.origin) for found in origins},
            vex=VexNotes(vex),
            indexes=listed_by(indexes),
        )
        if (texts := known_texts(self._steps)) is not None:
            self._filled = self._fill(texts)

    def filled(self, state: OneState) -> tuple[Row, ...]:
        """Return the rows; one round trip more for components never shown before."""
        return self._fill(read_texts(self._steps, state=state)) if self._filled is None else self._filled

    def _fill(self, texts: Mapping[int, Text]) -> tuple[Row, ...]:
        if self._page is None:
            return ()
        page = self._page(texts=texts)
        return tuple(page.row(row) for row in self._rows)


@dataclass(frozen=True, slots=True)
class _Page:
    """Everything one page's rows are put together from."""

    artifacts: Mapping[int, ArtifactShown]
    runs: Mapping[int, _Runs]
    sources: Mapping[int, Sequence[Source]]
    texts: Mapping[int, Text]
    by_component: Mapping[int, Sequence[ComponentMatch]]
    named: Mapping[int, Sequence[ArtifactMatch]]
    provenance: Mapping[int, Provenance]
    vex: VexNotes
    indexes: Mapping[int, Sequence[Via]]
    paths: dict[tuple[int, ...], tuple[str, ...]] = field(default_factory=dict)

    def row(self, row: PageRow) -> Row:
        runs = self.runs.get(row.artifact_id, _NOTHING_RUNS)
        uncertain: list[int] = []
        if runs.candidates:
            own = self._lines(row.artifact_id)
            uncertain = sorted(candidate for candidate in runs.candidates if self._holds(candidate, beside=own))
        found = [self._matches(artifact_id, row_class=row.row_class) for artifact_id in (row.artifact_id, *uncertain)]
        shown = tuple(match for matches in found for match in matches)
        return Row(
            artifact=self.artifacts[row.artifact_id],
            status=_STATUS[row.row_class // 2],
            effect=Effect.BUILD if row.row_class % 2 else Effect.RUNTIME,
            running=bool(runs.workloads),
            matches=shown,
            via=self._via(row, reported=runs.reported, uncertain=uncertain),
            provenance=self.provenance.get(row.artifact_id, NO_PROVENANCE),
            workloads=runs.workloads,
            vex=self.vex.of(row.artifact_id, components=self._matched(row)),
            confidence=best_confidence(shown, is_unresolved=bool(uncertain)),
        )

    def _matched(self, row: PageRow) -> Iterator[int]:
        for source in self.sources.get(row.artifact_id, ()) if row.row_class != UNKNOWN_CLASS else ():
            yield from (occurrence.component_id for occurrence in source.occurrences)

    def _lines(self, artifact_id: int) -> set[int]:
        """Return the indicators that mean an artifact itself; what is cleared says nothing of another digest."""
        return {match.indicator for match in self.named.get(artifact_id, ()) if match.match_class < CLEARED_FROM}

    def _holds(self, artifact_id: int, *, beside: set[int]) -> bool:
        """Say whether an artifact is what is asked for, `beside` indicators that mean the row itself, or holds it."""
        return bool(self._lines(artifact_id) - beside) or any(
            match.match_class is not MatchClass.CLEARED
            for source in self.sources.get(artifact_id, ())
            for occurrence in source.occurrences
            for match in self.by_component[occurrence.component_id]
        )

    def _matches(self, artifact_id: int, *, row_class: int) -> list[Match]:
        shown = [_of_artifact(match) for match in self._named(artifact_id, row_class=row_class)]
        if row_class == UNKNOWN_CLASS:
            return shown
        for source in self.sources.get(artifact_id, ()):
            for occurrence in source.occurrences:
                shown.extend(
                    self._match(match, occurrence=occurrence, source=source)
                    for match in self.by_component[occurrence.component_id]
                    if match.match_class is not MatchClass.CLEARED or row_class // 2 == MatchClass.CLEARED // 2
                )
        return sorted(shown, key=lambda match: (match.indicator, match.purl or "")) if len(shown) > 1 else shown

    def _match(self, match: ComponentMatch, *, occurrence: Occurrence, source: Source) -> Match:
        text = self.texts[match.component_id]
        certainty = match.confidence or (_POSSIBLE_CONFIDENCE if match.match_class is MatchClass.POSSIBLE else 100)
        by_name = 100 if text.has_purl else _NAME_CONFIDENCE
        return Match(
            indicator=match.indicator,
            purl=text.text if text.has_purl else None,
            evidence=source.evidence,
            pointer=occurrence.pointer,
            path=None if occurrence.path is None else self._path(occurrence.path),
            direct=source.is_direct(match.component_id),
            confidence=confidence_word(
                min(source.confidence or _NAME_CONFIDENCE, certainty, by_name, source.certainty(match.component_id))
            ),
            reason=match.reason,
        )

    def _path(self, steps: tuple[int, ...]) -> tuple[str, ...]:
        """Return a path as it is shown: most builds change nothing in it, so one stands for all of them."""
        if steps not in self.paths:
            self.paths[steps] = tuple(self.texts[step].text for step in steps)
        return self.paths[steps]

    def _named(self, artifact_id: int, *, row_class: int) -> Iterator[ArtifactMatch]:
        """Yield what is said of the artifact itself; what clears it, or leaves it unknown, in a row that is so."""
        for match in self.named.get(artifact_id, ()):
            if match.match_class < CLEARED_FROM or match.match_class // 2 == row_class // 2:
                yield match

    def _via(self, row: PageRow, *, reported: Collection[int], uncertain: Sequence[int]) -> tuple[Via, ...]:
        if not (reported or uncertain or self.named or self.indexes):
            return ()
        artifact_id = row.artifact_id
        found = {via for match in self._named(artifact_id, row_class=row.row_class) for via in match.via}
        found |= {
            Via(
                self._relation(other),
                self.artifacts[other].digest or "",
                "reported by the cluster, resolved to this digest",
            )
            for other in reported
        }
        found |= {
            Via(
                "index", self.artifacts[holder].digest or "", "this digest may stand for it: the platform is unresolved"
            )
            for holder in uncertain
        }
        if row.row_class // 2 in _FOUND:
            named = {via.digest for via in found}
            found |= {via for via in self.indexes.get(artifact_id, ()) if via.digest not in named}
        return tuple(sorted(found, key=lambda via: (via.kind, via.digest)))

    def _relation(self, reported_id: int) -> str:
        return "config" if self.artifacts[reported_id].kind == "oci_config" else "index"


def _by_component(*matches: Iterable[ComponentMatch]) -> dict[int, list[ComponentMatch]]:
    found: dict[int, list[ComponentMatch]] = defaultdict(list)
    for match in chain(*matches):
        found[match.component_id].append(match)
    return found


def _named(matches: Matches) -> dict[int, list[ArtifactMatch]]:
    found: dict[int, list[ArtifactMatch]] = defaultdict(list)
    for match in matches.artifacts:
        found[match.artifact_id].append(match)
    return found


def _of_artifact(match: ArtifactMatch) -> Match:
    return Match(
        indicator=match.indicator,
        purl=None,
        evidence=match.evidence,
        pointer=match.pointer,
        path=None,
        direct=None,
        confidence=confidence_word(match.confidence),
        reason=match.reason,
    )


def _artifacts(rows: Collection[_Named], *, stated: Iterable[tuple[int, str]]) -> dict[int, ArtifactShown]:
    kind = choose_kinds([row.artifact_id for row in rows], stated=stated)
    return {row.artifact_id: ArtifactShown(row.digest, row.shown_names, kind[row.artifact_id].value) for row in rows}
