"""What a block would hit of what runs now: asked before it is set, so that nobody stops production unawares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.services import SERVICE, SERVICE_OF
from inventory.graph.statements import bounded, fetch
from inventory.policy.hits import Place, find_hits_of
from inventory.policy.models import FREEZES, BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from inventory.policy.hits import Hit
    from inventory.policy.selectors import Selector

SECONDS = 20

_RUNNING = f"""
SELECT coalesce(a.digest, ''), c.name, coalesce(e.slug, ''), w.namespace, w.kind, w.name, {SERVICE}, i.container
FROM inventory_runinterval i
JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id
LEFT JOIN inventory_environment e ON e.id = coalesce(i.environment_id, c.environment_id)
LEFT JOIN inventory_artifact a ON a.id = i.artifact_id
{SERVICE_OF}
WHERE i.closed_at IS NULL
ORDER BY a.digest COLLATE "C", c.name, w.namespace, w.kind, w.name, i.container
"""


@dataclass(frozen=True, slots=True)
class RunsNow:
    """A container that runs, and where."""

    digest: str
    cluster: str
    environment: str
    namespace: str
    kind: str
    name: str
    service: str
    container: str

    @property
    def workload(self) -> tuple[str, str, str, str]:
        return self.cluster, self.namespace, self.kind, self.name

    @property
    def place(self) -> Place:
        return Place(environment=self.environment, cluster=self.cluster, namespace=self.namespace, service=self.service)


@dataclass(frozen=True, slots=True)
class HitNow:
    """A digest that runs and would be hit, why, and where it runs."""

    digest: str
    hit: Hit | None
    workloads: tuple[RunsNow, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a block would hit of what runs now, the most widespread first. Of a place: what runs in it, and runs on.

    `without_digest_count` are containers of which no digest is known: whether they would be hit, nobody can tell.
    """

    rows: tuple[HitNow, ...]
    workload_count: int
    running_digest_count: int
    without_digest_count: int


def preview(selector: Selector, *, at: datetime) -> Preview:
    """Return what of all that runs the block would hit. Two statements, of at most 20 seconds."""
    with bounded(seconds=SECONDS):
        running = fetch(RunsNow, _RUNNING, {"at": at})
        if selector.kind in FREEZES:
            rows = _there(selector, running)
        else:
            found = find_hits_of(selector, sorted({one.digest for one in running if one.digest}), at=at)
            rows = _rows(running, hits={digest: hits[0] for digest, hits in found.items() if hits})
    return Preview(
        rows,
        workload_count=len({one.workload for row in rows for one in row.workloads}),
        running_digest_count=len({one.digest for one in running if one.digest}),
        without_digest_count=sum(not one.digest for one in running),
    )


def _there(selector: Selector, running: Sequence[RunsNow]) -> tuple[HitNow, ...]:
    return _grouped([(one, None) for one in running if _is_in(selector, one)])


def _rows(running: Iterable[RunsNow], *, hits: dict[str, Hit]) -> tuple[HitNow, ...]:
    return _grouped([(one, hits[one.digest]) for one in running if one.digest in hits])


def _grouped(found: Iterable[tuple[RunsNow, Hit | None]]) -> tuple[HitNow, ...]:
    by_digest: dict[str, tuple[Hit | None, list[RunsNow]]] = {}
    for one, hit in found:
        by_digest.setdefault(one.digest, (hit, []))[1].append(one)
    rows = [HitNow(digest, hit, tuple(places)) for digest, (hit, places) in by_digest.items()]
    return tuple(sorted(rows, key=lambda row: (-len({one.workload for one in row.workloads}), row.digest)))


def _is_in(selector: Selector, one: RunsNow) -> bool:
    if selector.kind == BlockKind.CLUSTER:
        return one.cluster == selector.value and selector.namespace in {"", one.namespace}
    return selector.value == (one.service if selector.kind == BlockKind.SERVICE else one.environment)
