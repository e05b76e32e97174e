"""The part of a stored answer that an actor may see.

An answer is asked through the eyes of who runs the incident. A member of a team sees the rows where something of their
team runs, or whose artifact they know by an edge of their own; of those rows their own containers; of the documents
behind them their own; and of names and provenance what documents of their own say. What others stated of
vulnerabilities is left out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from incidents.impact.answer import ClusterCount, Counted, Effect, NamespaceCount, Status, Summary
from incidents.response.answers import read_kept
from incidents.response.own_eyes import own_eyes
from inventory.graph.artifacts import visible_digests
from inventory.models import Evidence
from supplychain.access.models import Team

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from incidents.impact.answer import Header, Match, Row
    from incidents.models import QueryRun
    from incidents.response.answers import KeptAnswer
    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class Part:
    """What of an answer is shown. `header` is None where rows were left out: it counts what the actor may not see."""

    header: Header | None
    summary: Summary
    clusters: tuple[ClusterCount, ...]
    rows: Sequence[Row]


def part_of(run: QueryRun, *, actor: Actor) -> Part:
    """Return what the actor may see; the summary then counts that part alone. A constant number of statements."""
    return part_of_kept(read_kept(run), actor=actor)


def part_of_kept(kept: KeptAnswer, *, actor: Actor) -> Part:
    """Return what the actor may see of an answer that was read; its rows are slim where the answer's are (whole_of)."""
    header = kept.header
    if kept.run.incident.is_whole_for(actor):
        return Part(header, header.summary, header.clusters, kept.rows)
    rows = tuple(kept.rows)
    slugs = set(Team.objects.filter(pk__in=actor.team_ids or ()).values_list("slug", flat=True))
    known = visible_digests(_digests(rows), actor=actor)
    eyes = own_eyes({row.artifact.digest for row in rows if row.artifact.digest}, actor=actor)
    documents = _visible_evidence(rows, actor=actor)
    shown = tuple(
        msgspec.structs.replace(
            row,
            artifact=eyes.artifact(row.artifact),
            provenance=eyes.provenance(row.artifact),
            via=tuple(via for via in row.via if via.digest in known),
            workloads=(own := tuple(one for one in row.workloads if one.team in slugs)),
            running=row.running and any(one.ended_at is None for one in own),
            matches=tuple(_match(match, documents=documents) for match in row.matches),
            vex=(),
        )
        for row in rows
        if row.artifact.digest in known or any(one.team in slugs for one in row.workloads)
    )
    return Part(None, _summary(shown), _clusters(shown), shown)


def whole_of(kept: KeptAnswer, rows: Sequence[Row], *, actor: Actor) -> tuple[Row, ...]:
    """Return rows of an actor's part with all that they may see of each match. Two statements at most."""
    found = kept.whole(rows)
    if kept.run.incident.is_whole_for(actor):
        return found
    documents = _visible_evidence(found, actor=actor)
    return tuple(
        msgspec.structs.replace(row, matches=tuple(_match(match, documents=documents) for match in row.matches))
        for row in found
    )


def _digests(rows: Iterable[Row]) -> Iterator[str | None]:
    for row in rows:
        yield row.artifact.digest
        yield from (via.digest for via in row.via)


def _visible_evidence(rows: Iterable[Row], *, actor: Actor) -> set[UUID]:
    named = {match.evidence for row in rows for match in row.matches if match.evidence is not None}
    return set(Evidence.objects.visible_to(actor).filter(public_id__in=named).values_list("public_id", flat=True))


def _match(match: Match, *, documents: set[UUID]) -> Match:
    """Leave away where it stands in a document of another team; what matched is what the team is told."""
    if match.evidence is None or match.evidence in documents:
        return match
    return msgspec.structs.replace(match, evidence=None, pointer=None, path=None, direct=None)


def _summary(rows: Sequence[Row]) -> Summary:
    by_status = {status: [row for row in rows if row.status is status] for status in Status}
    build = [row for row in rows if row.effect is Effect.BUILD and row.status in {Status.AFFECTED, Status.POSSIBLE}]
    return Summary(
        affected=_counted(by_status[Status.AFFECTED]),
        possible=_counted(by_status[Status.POSSIBLE]),
        cleared=_counted(by_status[Status.CLEARED]),
        unknown=_counted(by_status[Status.UNKNOWN]),
        build_exposure=_counted(build),
    )


def _counted(rows: Sequence[Row]) -> Counted:
    places = {(one.cluster, one.namespace, one.kind, one.name) for row in rows for one in row.workloads}
    return Counted(
        artifact_count=len(rows),
        running_artifact_count=sum(row.running for row in rows),
        workload_count=len(places),
        namespace_count=len({(cluster, namespace) for cluster, namespace, _, _ in places}),
        cluster_count=len({cluster for cluster, _, _, _ in places}),
    )


def _clusters(rows: Sequence[Row]) -> tuple[ClusterCount, ...]:
    found: dict[tuple[str, str], dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        for one in row.workloads:
            found[one.cluster, one.environment][one.namespace].add((one.kind, one.name))
    return tuple(
        ClusterCount(
            cluster,
            environment,
            tuple(NamespaceCount(name, len(workloads)) for name, workloads in sorted(namespaces.items())),
        )
        for (cluster, environment), namespaces in sorted(found.items())
    )
