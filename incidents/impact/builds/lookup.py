"""From indicators to builds: which runs were exposed, and the artifacts that came out of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from incidents.impact.answer import Build, Builds, Status
from incidents.impact.builds.expanding import Workflows
from incidents.impact.builds.judging import AFFECTED, CLEARED, POSSIBLE, UNKNOWN, judge_all
from incidents.impact.builds.records import Use, runs_of
from incidents.impact.builds.sql import statements
from incidents.impact.builds.targets import OF_BUILDS, targets_of
from incidents.impact.lookup import ArtifactMatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from incidents.impact.builds.judging import Verdict
    from incidents.impact.builds.records import Run, Version
    from incidents.impact.builds.targets import Target
    from incidents.impact.candidates import Placed
    from inventory.graph.one_state import Along, OneState
    from inventory.identity.indicators import IndicatorKind

_STATUS = {AFFECTED: Status.AFFECTED, POSSIBLE: Status.POSSIBLE, UNKNOWN: Status.UNKNOWN, CLEARED: Status.CLEARED}
_ORDER = tuple(_STATUS)
_CANONICAL = msgspec.json.Encoder(order="sorted")


class BuildLookup:
    """What builds say to a question. Two statements that go with the next exchange; nothing where nothing asks them."""

    def __init__(
        self, of_kind: Mapping[IndicatorKind, Sequence[Placed]], *, teams: Sequence[int] | None, state: OneState
    ) -> None:
        self.targets = targets_of(of_kind)
        self.is_asked = any(of_kind.get(kind) for kind in OF_BUILDS)
        self._versions: Along[Version] | None = None
        if self.targets:
            versions, told = statements(self.targets, teams=teams)
            self._versions, self._told = state.along(versions), state.along(told)
        self._found: list[tuple[Run, Target, Verdict]] = []

    def matches(self) -> tuple[ArtifactMatch, ...]:
        """Return the artifacts of the runs, once the exchange is over."""
        if self._versions is None:
            return ()
        runs = runs_of(self._told.rows)
        self._found = judge_all(runs, self.targets, workflows=Workflows(self._versions.rows))
        return tuple(match for run, target, verdict in self._found for match in _matches(run, target, verdict))

    def builds(self, *, limit: int) -> Builds | None:
        """Return the runs themselves, what is exposed first; None where nothing asks for them, and none is exposed."""
        if not self.is_asked and not self._found:
            return None
        ordered = sorted(self._found, key=_place)
        counts = Counter(_STATUS[verdict.match_class] for _, _, verdict in self._found)
        return Builds(
            affected_count=counts[Status.AFFECTED],
            possible_count=counts[Status.POSSIBLE],
            unknown_count=counts[Status.UNKNOWN],
            cleared_count=counts[Status.CLEARED],
            runs=tuple(_shown(*found) for found in ordered[:limit]),
            hash=_hash(ordered),
        )


def _matches(run: Run, target: Target, verdict: Verdict) -> Iterator[ArtifactMatch]:
    reason = f"{_name(run)} {verdict.reason}"
    for told in run.told:
        for artifact in sorted(set(told.artifacts)):
            yield ArtifactMatch(
                artifact,
                target.place,
                verdict.match_class,
                reason,
                verdict.confidence,
                told.evidence,
                told.pointer,
            )


def _place(found: tuple[Run, Target, Verdict]) -> tuple[int, float, str, str, int]:
    run, target, verdict = found
    started = run.started_at
    return (
        _ORDER.index(verdict.match_class),
        -started.timestamp() if started is not None else 0.0,
        run.first.repository,
        run.first.run_id,
        target.place,
    )


def _hash(found: Sequence[tuple[Run, Target, Verdict]]) -> str:
    """Return the hash of what each run is to each target, in their order."""
    said = [
        (_STATUS[verdict.match_class], target.place, run.first.repository, run.first.run_id, run.attempt,
         run.first.path, run.first.commit, verdict.reason)
        for run, target, verdict in found
    ]  # fmt: skip
    return f"sha256:{hashlib.sha256(_CANONICAL.encode(said)).hexdigest()}"


def _shown(run: Run, target: Target, verdict: Verdict) -> Build:
    first, step = run.first, verdict.step
    return Build(
        indicator=target.place,
        status=_STATUS[verdict.match_class],
        confidence="high" if verdict.confidence >= 90 else "medium" if verdict.confidence >= 60 else "low",
        reason=verdict.reason,
        repository=first.repository,
        run_id=first.run_id or None,
        attempt=run.attempt,
        workflow=first.path or None,
        commit=first.commit or None,
        event=next((told.event for told in run.told if told.event), None),
        actor=next((told.actor for told in run.told if told.actor), None),
        started_at=run.started_at,
        job=(step.job if step is not None else "") or None,
        uses=None if step is None else step.what.given if isinstance(step.what, Use) else step.what.url,
        file=step.version.evidence if step is not None and step.version is not None else None,
        evidence=first.evidence,
        artifact_count=len(run.artifacts),
    )


def _name(run: Run) -> str:
    first = run.first
    number = f" run {first.run_id}" if first.run_id else ""
    return f"built by {first.repository}{number}, which"
