"""What an answer says of one thing that an action may be done to: counts, and its first rows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from incidents.impact.answer import Row, WorkloadShown

MAX_ARTIFACTS: Final = 50


def subjects_of_places(row: Row) -> Iterator[tuple[str, ...]]:
    """Yield what runs it, and where."""
    for one in row.workloads:
        yield ("service", one.service or "")
        yield ("team", one.team)
        yield ("environment", one.environment)
        yield ("cluster", one.cluster)
        yield ("cluster", one.cluster, one.namespace)
        yield ("workload", one.cluster, one.namespace, one.kind, one.name)


class Said(Struct, frozen=True, array_like=True, gc=False):
    """What an answer says of one thing: counts, and the places of its first rows."""

    artifact_count: int
    running_artifact_count: int
    workload_count: int
    places: tuple[int, ...]


NOTHING_SAID: Final = Said(0, 0, 0, ())


def said_of_rows(rows: Iterable[tuple[int, Row]]) -> Said:
    """Return it of rows with their places, in their order."""
    listed = list(rows)
    return Said(
        len(listed),
        sum(row.running for _, row in listed),
        len({workload_of(one) for _, row in listed for one in row.workloads}),
        tuple(place for place, _ in listed[:MAX_ARTIFACTS]),
    )


def workload_of(one: WorkloadShown) -> tuple[str, str, str, str]:
    """Return what is counted as one workload, however many containers it has."""
    return one.cluster, one.namespace, one.kind, one.name
