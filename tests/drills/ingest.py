"""D1 and D2: workers are killed, the broker forgets or dies, PostgreSQL crashes, deliveries repeat; nothing is lost.

D3 is D1 with the broker as the queue of record, and must lose documents, else these drills are blind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from celery import Celery
from kombu.exceptions import OperationalError

from tests.drills import ledger
from tests.drills.documents import make_documents
from tests.drills.findings import Findings
from tests.drills.processes import Process, wait_until
from tests.drills.site import Site
from tests.drills.traffic import Clients

SETTLE_SECONDS = 120.0
_QUIET_SECONDS = 5.0
BACKLOG = 20
"""Documents that wait when the broker forgets."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is done to the site, and when, counted in uploads; 0 is never."""

    uploads: int = 1000
    per_second: float = 25.0
    kill_worker_every: float = 2.0
    least_kills: int = 5
    flush_redis_at: int = 500
    redis_kill9_at: int = 0
    redis_down: float = 3.0
    pg_immediate_restart_at: int = 0
    duplicate_rate: float = 0.0
    workers: int = 2


@dataclass(frozen=True, slots=True)
class Queue:
    """Which programs carry the queue: the product's, the same in a hurry, or the control's."""

    web: str = "supplychain.wsgi"
    app: str = "supplychain"
    has_beat: bool = True


PRODUCT = Queue()
HURRIED = Queue(app="tests.drills.hurried")
BROKER_ALONE = Queue(web="tests.drills.broker_wsgi", app="tests.drills.broker_worker", has_beat=False)


def run(site: Site, options: Options, *, queue: Queue = PRODUCT, team: str = "ingest") -> Findings:
    """D1 and D2 on a prepared site without processes."""
    findings = Findings()
    _send_under_fire(site, options, queue=queue, team=team, findings=findings)
    return findings


def run_control(site: Site, options: Options, *, team: str = "control") -> Findings:
    """D3: the same, with the broker as the queue of record. It passes when D1's criterion reports loss."""
    found, findings = Findings(), Findings()
    _send_under_fire(site, options, queue=BROKER_ALONE, team=team, findings=found)
    findings.facts = [f"D1's criterion reported: {'; '.join(found.faults) or 'nothing'}", *found.facts]
    lost = [fault for fault in found.faults if "were not applied" in fault]
    findings.require(bool(lost), "the broker alone lost nothing, so these drills would not see a loss")
    return findings


def _send_under_fire(site: Site, options: Options, *, queue: Queue, team: str, findings: Findings) -> None:
    web = site.start_web(queue.web, wait=False)
    fire = _Fire(site, options, queue=queue)
    key = site.make_key(team, "evidence:write", "inventory:read")
    documents = make_documents(options.uploads, label=team)
    site.wait_until_ready(web)
    clients = Clients(
        site.base, documents, key=key, duplicate_rate=options.duplicate_rate, per_second=options.per_second
    )
    clients.start()
    wait_until(
        lambda: fire.step(clients.sent_count) and clients.is_done,
        seconds=options.uploads / options.per_second + SETTLE_SECONDS,
        what="the end of the uploads",
    )
    fire.cease()
    if queue.has_beat:
        seconds = ledger.wait_until_settled(site, team, seconds=SETTLE_SECONDS)
        findings.note(f"settled {seconds:.0f} s after the last upload")
    else:  # nobody sweeps: what stands still while all workers listen is lost
        workers = fire.workers
        wait_until(lambda: all(one.is_listening for one in workers), seconds=SETTLE_SECONDS, what="the workers")
        ledger.wait_until_quiet(site, team, quiet_seconds=_QUIET_SECONDS, seconds=SETTLE_SECONDS)
    ledger.check(site, team, ledger=clients.ledger, documents=documents, findings=findings)
    ledger.check_receipts(site, key=key, ledger=clients.ledger, findings=findings)
    findings.facts += fire.told()
    findings.note(f"{clients.ledger.retried_count} retries and {clients.ledger.repeated_count} repeats by clients")
    for process in [*fire.workers, *fire.beats, web]:
        process.kill()


@dataclass(slots=True)
class _Fire:
    """What the drill does to the site: a worker is killed when its time has come, the rest at its upload."""

    site: Site
    options: Options
    queue: Queue
    kill_count: int = 0
    workers: list[Process] = field(default_factory=list)
    beats: list[Process] = field(default_factory=list)
    _deeds: list[tuple[int, str, Callable[[], None]]] = field(default_factory=list)
    _done: list[str] = field(default_factory=list)
    _next_kill_at: float = 0.0
    _broker_back_at: float | None = None

    def __post_init__(self) -> None:
        options = self.options
        self._deeds = [
            (options.flush_redis_at and max(1, options.flush_redis_at - BACKLOG), "", self._kill_all_workers),
            (options.flush_redis_at, f"the broker flushed over {BACKLOG} that waited", self._flush_broker),
            (options.redis_kill9_at, f"the broker killed for {options.redis_down:.0f} s", self._kill_broker),
            (options.pg_immediate_restart_at, "PostgreSQL crashed", self.site.restart_postgres_at_once),
        ]
        self._deeds = sorted((deed for deed in self._deeds if deed[0]), key=lambda deed: deed[0])
        self.workers = [self._new_worker() for _ in range(options.workers)]
        self.beats = [self.site.start_beat(self.queue.app)] if self.queue.has_beat else []
        self._next_kill_at = time.monotonic() + options.kill_worker_every

    def step(self, sent_count: int) -> bool:
        """Do what is due; return whether enough was done."""
        if self._broker_back_at is not None and time.monotonic() >= self._broker_back_at:
            self.site.valkey.start()
            self._broker_back_at = None
        if self._deeds and sent_count >= self._deeds[0][0]:
            _, name, do = self._deeds.pop(0)
            do()
            self._done += [name] if name else []
            self._ring_once_more()
        if time.monotonic() >= self._next_kill_at:
            self._kill_a_worker()
        return not self._deeds and self.kill_count >= self.options.least_kills

    def cease(self) -> None:
        """Bring back what is away; nothing is killed any more, and dead workers are replaced."""
        if self._broker_back_at is not None:
            time.sleep(max(0.0, self._broker_back_at - time.monotonic()))
            self.site.valkey.start()
        self.workers = [worker if worker.is_alive else self._new_worker() for worker in self.workers]

    def told(self) -> list[str]:
        return [f"{self.kill_count} workers killed", *self._done]

    def _new_worker(self) -> Process:
        return self.site.start_worker(self.queue.app)

    def _kill_a_worker(self) -> None:
        """Kill the oldest that listens, with all its children, and start another; one that boots holds nothing."""
        listening = next((worker for worker in self.workers if worker.is_listening), None)
        if listening is not None:
            listening.kill()
            self.workers.remove(listening)
            self.workers.append(self._new_worker())
            self.kill_count += 1
            self._next_kill_at = time.monotonic() + self.options.kill_worker_every

    def _kill_all_workers(self) -> None:
        """Leave nobody who works, so that the flush finds rings that nobody has heard: else it would prove nothing."""
        for worker in self.workers:
            worker.kill()
            self.kill_count += 1
        self.workers = []

    def _flush_broker(self) -> None:
        self.site.flush_broker()
        self.workers = [self._new_worker() for _ in range(self.options.workers)]

    def _kill_broker(self) -> None:
        self.site.kill_broker()
        self._broker_back_at = time.monotonic() + self.options.redis_down

    def _ring_once_more(self) -> None:
        """Deliver rings twice: one in five of what was sent so far is rung again, for nothing."""
        count = int(self.options.uploads * self.options.duplicate_rate)
        if not count or self._broker_back_at is not None:
            return
        with Celery(broker=self.site.valkey.url) as bells:
            for _ in range(count):
                try:
                    bells.send_task("inventory.tasks.process_evidence", retry=False)
                except OperationalError:
                    return
