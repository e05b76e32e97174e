"""D13: the broker is restarted again and again, and no worker is; what waits is drained, or a worker ends itself."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.drills import ledger
from tests.drills.documents import make_documents
from tests.drills.findings import Findings
from tests.drills.processes import Process
from tests.drills.site import Site
from tests.drills.traffic import Clients

DRAIN_SECONDS = 30.0
WATCHDOG_SECONDS = 60.0
_SURE_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Options:
    restarts: int = 20
    within: float = 60.0
    uploads: int = 300
    workers: int = 2


def run(site: Site, options: Options, *, team: str = "stall") -> Findings:
    """Restart the broker while documents come; look who drains them."""
    findings = Findings()
    web = site.start_web(wait=False)
    beat = site.start_beat()
    workers = [site.start_worker() for _ in range(options.workers)]
    key = site.make_key(team, "evidence:write", "inventory:read")
    site.wait_until_ready(web)
    documents = make_documents(options.uploads, label=team)
    clients = Clients(site.base, documents, key=key, per_second=options.uploads / options.within)
    clients.start()
    for _ in range(options.restarts):
        began = time.monotonic()
        site.kill_broker()
        time.sleep(0.3)
        site.valkey.start()
        time.sleep(max(0.0, options.within / options.restarts - (time.monotonic() - began)))
    restarted_at = time.monotonic()
    ended = _drain(site, workers, team=team, until=restarted_at + DRAIN_SECONDS + WATCHDOG_SECONDS + _SURE_SECONDS)
    seconds = time.monotonic() - restarted_at
    findings.note(f"{options.restarts} restarts of the broker within {options.within:.0f} s")
    findings.note(f"drained {seconds:.0f} s after the last")
    findings.note(f"{len(ended)} workers ended ({', '.join(ended)})" if ended else "no worker ended")
    findings.require(
        seconds <= DRAIN_SECONDS or bool(ended),
        f"not drained {DRAIN_SECONDS:.0f} s after the last restart, and no worker ended itself",
    )
    # No worker was killed: a broker that goes away may cost no document a try.
    ledger.check(site, team, ledger=clients.ledger, documents=documents, findings=findings, max_attempts=1)
    for process in [web, beat, *workers]:
        process.kill()
    return findings


def _drain(site: Site, workers: list[Process], *, team: str, until: float) -> list[str]:
    """Wait until nothing waits; do what a supervisor does for a worker that ends, and tell why those ended."""
    ended = []
    while ledger.count_unsettled(site, team) and time.monotonic() < until:
        for worker in [worker for worker in workers if not worker.is_alive]:
            by_itself = "hears nothing" in worker.log_text()
            ended.append("by its watchdog" if by_itself else f"with status {worker.popen.returncode}")
            workers.remove(worker)
            workers.append(site.start_worker())
        time.sleep(0.1)
    return ended
