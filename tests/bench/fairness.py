"""What a team waits for its documents while another team has two thousand of them in the queue."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings

from inventory.intake.body import BodyLimits
from inventory.intake.receive import Parameters, Submission, receive
from supplychain.access.actors import system_actor
from supplychain.access.models import Team
from tests.bench.figures import Figure, percentile
from tests.bench.ingest import seconds_until_applied
from tests.bench.processes import family_of
from tests.bench.wire import Crew

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.site import Site
    from tests.bench.traffic import Upload

_CROWD, _SINGLE = "team-00", "team-01"
_FACTOR, _ENOUGH_MS = 1.5, 2_000
_BACKLOG_A_SECOND, _MOST_BACKLOG = 100, 2_000


def fairness(site: Site) -> list[Figure]:
    """Let one team send a document a second, alone and then beside another team's backlog."""
    backlog = min(_MOST_BACKLOG, int(_BACKLOG_A_SECOND * site.seconds))
    site.mark()
    alone = _one_a_second(site)
    crowd = site.traffic.uploads(backlog, team=_CROWD)
    with _asleep(site.worker):
        for upload in crowd:
            store(upload)
    beside = _one_a_second(site)
    waiting = site.waiting()
    site.wait_until_idle()
    p95_alone, p95_beside = percentile(alone, 95) * 1000, percentile(beside, 95) * 1000
    limit = max(_FACTOR * p95_alone, _ENOUGH_MS)
    return [
        Figure("fair.alone", "one upload a second, alone: 202 to queryable, p95", p95_alone, "ms"),
        Figure(
            "fair.beside",
            f"one upload a second beside another team's {backlog:,} waiting: 202 to queryable, p95",
            p95_beside,
            "ms",
            limit,
        ),
        Figure("fair.ratio", "the same, times what it is alone", p95_beside / p95_alone),
        Figure("fair.left", "still waiting of the other team at the end", waiting),
    ]


def store(upload: Upload) -> None:
    """Take a document in as the API does, in this process: nobody is told that it waits."""
    submission = Submission([upload.document], parameters=Parameters(artifacts=(upload.digest,)))
    team = Team.objects.get(slug=upload.team)
    limits = BodyLimits(raw_bytes=settings.MAX_UPLOAD_BYTES, inflated_bytes=settings.MAX_INFLATED_BYTES)
    receive(submission, actor=system_actor("bench"), team_id=team.pk, at=datetime.now(UTC), limits=limits)


def _one_a_second(site: Site) -> list[float]:
    documents = site.spool(site.traffic.uploads(max(2, int(site.seconds)), team=_SINGLE))
    begun = time.time()
    Crew(site.base, clients=2, per_second=1.0).run(document.send for document in documents)
    site.wait_until_idle(team=_SINGLE)
    return seconds_until_applied(since=begun, team=_SINGLE)


@contextmanager
def _asleep(worker: int) -> Iterator[None]:
    """Stop a worker's processes for the block, so that a backlog can gather."""
    processes = family_of(worker)
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
