"""What stands above the rows of an answer: the question as understood, how much is known, and the counts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from incidents.impact.answer import (
    Asked,
    ClusterCount,
    Counted,
    Header,
    IndicatorAnswer,
    NamespaceCount,
    Status,
    Summary,
)
from incidents.impact.tally import BUILD_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from incidents.impact.coverage import Ground
    from incidents.impact.question import Question
    from incidents.impact.tally import Tally

CLASSES = {Status.AFFECTED: (0, 1), Status.POSSIBLE: (2, 3), Status.CLEARED: (4, 5), Status.UNKNOWN: (8,)}
_GROUPS = (Status.AFFECTED, Status.POSSIBLE, Status.UNKNOWN, Status.CLEARED)
"""The order of rows, and the number tally.py gives each status' places."""
_BUILD_CLASSES = (1, 3)


def header_of(question: Question, *, counts: Tally, ground: Ground, at: datetime) -> Header:
    """Return the header of an answer as far as it is counted."""
    return Header(
        asked=_asked(question, counts=counts),
        data_as_of=at,
        backlog=ground.backlog,
        coverage=ground.coverage,
        summary=_summary(counts),
        clusters=_clusters(counts.places),
        feeds=question.feeds,
    )


def _asked(question: Question, *, counts: Tally) -> Asked:
    return Asked(
        indicators=tuple(
            IndicatorAnswer(asked, *counts.by_indicator.get(place, (0, 0, 0)))
            for place, asked in enumerate(question.as_asked)
        ),
        at=question.at,
        from_=question.window_from,
        to=question.window_to,
        environments=question.environments,
        clusters=question.clusters,
        teams=question.teams,
        statuses=question.statuses,
    )


def _summary(counts: Tally) -> Summary:
    counted = {status: _counted(CLASSES[status], counts=counts, group=group) for group, status in enumerate(_GROUPS)}
    return Summary(
        affected=counted[Status.AFFECTED],
        possible=counted[Status.POSSIBLE],
        cleared=counted[Status.CLEARED],
        unknown=counted[Status.UNKNOWN],
        build_exposure=_counted(_BUILD_CLASSES, counts=counts, group=BUILD_GROUP),
    )


def _counted(classes: Iterable[int], *, counts: Tally, group: int) -> Counted:
    found = [counts.by_class.get(row_class, (0, 0)) for row_class in classes]
    workloads, namespaces, clusters = counts.by_group.get(group, (0, 0, 0))
    return Counted(
        artifact_count=sum(artifacts for artifacts, _ in found),
        running_artifact_count=sum(running for _, running in found),
        workload_count=workloads,
        namespace_count=namespaces,
        cluster_count=clusters,
    )


def _clusters(rows: Iterable[tuple[str, str, str, int]]) -> tuple[ClusterCount, ...]:
    found: dict[tuple[str, str], list[NamespaceCount]] = defaultdict(list)
    for cluster, environment, namespace, workload_count in rows:
        found[cluster, environment].append(NamespaceCount(namespace, workload_count))
    return tuple(
        ClusterCount(cluster, environment, tuple(namespaces)) for (cluster, environment), namespaces in found.items()
    )
