"""D10: documents whose reading ends the process, crashes it, sleeps or hangs; the next one is applied all the same."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from tests.drills.documents import make_document
from tests.drills.findings import DrillError, Findings
from tests.drills.ledger import MAX_ATTEMPTS
from tests.drills.site import Site
from tests.drills.traffic import Reply, ask

# What each ends with: a worker that is gone cannot say why, one whose limit is met can.
CODES = {
    "exit": "worker_died",
    "segfault": "worker_died",
    "stuck": "worker_died",
    "sleep": "time_limit",
    "memory": "resource_limit",
}
HARD_LIMIT_SECONDS = 6.0
_SETTLED = frozenset({"applied", "applied_with_warnings", "rejected", "quarantined"})
# A dead worker's row is free after 2 s, and swept each second, in the hurried application; three times, and some.
_TAKEOVER_SECONDS = 3 * 3.0 + 10.0


@dataclass(frozen=True, slots=True)
class Options:
    poisons: str = "exit,segfault,sleep,stuck,memory"
    workers: int = 1


def run(site: Site, options: Options, *, team: str = "poison") -> Findings:
    """Send each poison and a good document behind it; read all receipts."""
    findings = Findings()
    web = site.start_web(wait=False)
    app = "tests.drills.poisoned"
    processes = [web, site.start_beat(app), *(site.start_worker(app) for _ in range(options.workers))]
    key = site.make_key(team, "evidence:write", "inventory:read")
    site.wait_until_ready(web)
    began = time.monotonic()
    poisons = options.poisons.split(",")
    sent = {name: send(site, f"poison-{name}-", key=key) for name in poisons}
    good = send(site, "good", key=key)
    limit = MAX_ATTEMPTS * HARD_LIMIT_SECONDS * len(poisons) + _TAKEOVER_SECONDS
    _check_good(
        wait_for_receipt(site, good, key=key, seconds=limit), seconds=time.monotonic() - began, findings=findings
    )
    for name, receipt in sent.items():
        _check_poison(name, wait_for_receipt(site, receipt, key=key, seconds=limit), findings=findings)
    findings.note(f"all ended {time.monotonic() - began:.0f} s after they were sent")
    for process in processes:
        process.kill()
    return findings


def _check_good(receipt: dict[str, Any], *, seconds: float, findings: Findings) -> None:
    findings.note(f"the good document behind them {receipt['state']} after {seconds:.0f} s")
    findings.require(receipt["state"] == "applied", f"the good document is {receipt['state']}: {receipt['error']}")


def _check_poison(name: str, receipt: dict[str, Any], *, findings: Findings) -> None:
    code = (receipt["error"] or {}).get("code")
    findings.note(f"{name}: {receipt['state']} {code} after {receipt['attempts']} tries")
    findings.require(
        (receipt["state"], code) == ("quarantined", CODES[name]) and receipt["attempts"] <= MAX_ATTEMPTS,
        f"{name} is {receipt['state']} {code} after {receipt['attempts']} tries, not quarantined {CODES[name]}",
    )


def send(site: Site, name: str, *, key: str) -> str:
    """Upload a document with a mark in its components' names; return its receipt's id."""
    reply = ask(site.base, "POST", "/api/v1/evidence", key=key, body=make_document(name, components=3).data)
    if reply.status != 202:
        raise DrillError(f"an upload was answered {reply.status}")
    return receipt_id(reply)


def receipt_id(reply: Reply) -> str:
    return str(json.loads(reply.body)["id"])


def wait_for_receipt(site: Site, public_id: str, *, key: str, seconds: float) -> dict[str, Any]:
    """Return a receipt once it is settled, or as it is when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        receipt: dict[str, Any] = json.loads(ask(site.base, "GET", f"/api/v1/evidence/{public_id}", key=key).body)
        if receipt["state"] in _SETTLED or time.monotonic() > deadline:
            return receipt
        time.sleep(0.1)
