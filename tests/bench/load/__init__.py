"""Load an estate by the fast path: COPY straight into the product's tables, with the rows its ingest would have made.

`tests/bench/test_load.py` holds it to that: the same history sent through the queue gives the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from django.db import transaction

from inventory.ingest.running import refresh_all
from inventory.models import Artifact
from supplychain.access import audit
from supplychain.access.actors import system_actor
from supplychain.access.keys import Bindings, make_key
from supplychain.access.people import get_or_make_team
from tests.bench.estate import CLUSTERS
from tests.bench.load.copying import connect, follow_ids, without_indexes
from tests.bench.load.evidence import PLATFORM, EvidenceLoader
from tests.bench.load.graph import GraphLoader, all_stored
from tests.bench.load.runtime import RuntimeLoader
from tests.bench.load.schedule import Clock, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from supplychain.access.models import ApiKey
    from tests.bench.estate import Estate

_WITH_IDS = (
    "artifact", "artifactalias", "artifactname", "component", "evidence", "imagelayer", "package", "packagereach",
    "runinterval", "snapshot", "snapshotsubject", "track", "workload",
)  # fmt: skip
_WITHOUT = (
    "componentcpe", "componenthash", "componentsource", "evidenceblob", "evidencestate", "layerstack", "presence",
)  # fmt: skip
_TABLES = tuple(f"inventory_{name}" for name in (*_WITH_IDS, *_WITHOUT))
_REACH = """
INSERT INTO inventory_packagereach (team_id, package_id, track_count)
SELECT t.team_id, seen.package_id, count(*)
FROM (SELECT DISTINCT p.track_id, c.package_id FROM inventory_presence p
      JOIN inventory_component c ON c.id = p.component_id) seen
JOIN inventory_track t ON t.id = seen.track_id
GROUP BY GROUPING SETS ((t.team_id, seen.package_id), (seen.package_id))
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How long each part took, in seconds."""

    seconds: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


class NotEmptyError(Exception):
    """There are artifacts already: ids are given out from 1, so an estate is loaded into an empty database alone."""


def load(estate: Estate, *, until: datetime, tell: Callable[[str], None] = lambda _text: None) -> Loaded:
    """Load a whole history that ends at `until`. Raises NotEmptyError."""
    if Artifact.objects.exists():
        raise NotEmptyError
    seconds: dict[str, float] = {}
    clock = Clock(until)
    with _timed("schedule", seconds, tell):
        schedule = Schedule(estate)
        keys = _make_keys(estate, at=clock.moment(0))
    with _timed("indexes", seconds, tell), without_indexes(_TABLES):
        _copy(schedule, clock=clock, keys=keys, tell=tell, seconds=seconds)
    seconds["indexes"] -= sum(seconds.get(part, 0.0) for part in _PARTS)
    with _timed("vacuum and what follows", seconds, tell):
        follow_ids([f"inventory_{name}" for name in _WITH_IDS])
        _finish(len(schedule.builds) + len(schedule.manifest_evidence) + len(schedule.reports))
    return Loaded(seconds)


_PARTS = ("component graph", "what ran", "evidence", "reach")


def _copy(
    schedule: Schedule,
    *,
    clock: Clock,
    keys: dict[str, ApiKey],
    tell: Callable[[str], None],
    seconds: dict[str, float],
) -> None:
    graph_part, runtime_part, evidence_part, reach_part = _PARTS
    team_ids = {slug: key.team_id for slug, key in keys.items()}
    with _timed(graph_part, seconds, tell):
        graph = GraphLoader(schedule, clock=clock, team_ids=team_ids)
        graph.load()
    with _timed(runtime_part, seconds, tell):
        changes = RuntimeLoader(schedule, clock=clock, team_ids=team_ids).load()
    with _timed(evidence_part, seconds, tell):
        head = audit.read_head()
        loader = EvidenceLoader(
            schedule,
            clock=clock,
            keys=keys,
            audit_count=head.sequence if head else 0,
            seed=1,
            manifests=() if graph.layers is None else graph.layers.told,
        )
        loader.load(list(all_stored(graph)), changes=changes)
    with _timed(reach_part, seconds, tell), connect() as database:
        database.execute("SET work_mem = '512MB'")
        database.execute(_REACH)


def _make_keys(estate: Estate, *, at: datetime) -> dict[str, ApiKey]:
    """Return a key for each team's documents and the platform's, which reports for all teams."""
    actor = system_actor("bench")
    clusters = tuple(f"cluster-{number:02}" for number in range(CLUSTERS))
    keys = {}
    for slug in (PLATFORM, *(f"team-{number:02}" for number in range(estate.scale.teams))):
        with transaction.atomic():
            team = get_or_make_team(slug, actor=actor, at=at)
            bindings = Bindings(clusters=clusters) if slug == PLATFORM else None
            keys[slug] = make_key(
                team, scopes=["evidence:write"], actor=actor, at=at, bindings=bindings, name="history"
            ).row
    return keys


def _finish(applied_count: int) -> None:
    """Count what was loaded, then fill the projection with the product's own recount."""
    with connect() as database:
        database.execute("SELECT setval('inventory_applied_sequence', %s)", [applied_count])
        database.execute("VACUUM ANALYZE")
    with transaction.atomic():
        refresh_all()
    with connect() as database:
        database.execute("VACUUM ANALYZE inventory_running")


@contextmanager
def _timed(part: str, seconds: dict[str, float], tell: Callable[[str], None]) -> Iterator[None]:
    begun = monotonic()
    yield
    seconds[part] = monotonic() - begun
    tell(f"{part}: {seconds[part]:.1f} s")
