"""D11: a cluster's gate under load while the database is stopped: nothing passes that nobody could judge."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.drills import ledger
from tests.drills.documents import make_document
from tests.drills.findings import Findings
from tests.drills.processes import wait_until
from tests.drills.site import Site, _known
from tests.drills.traffic import ask

_BLOCK = """
from django.utils import timezone
from inventory.policy.blocks import add_block
from inventory.policy.models import BlockKind
from supplychain.access.actors import system_actor
add_block(BlockKind.ARTIFACT, {{"digest": "{digest}"}}, reason="drill", incident=None, actor=system_actor("drill"),
          at=timezone.now())
"""
_DECIDED = "SELECT request_uid, count(*) FROM policy_decision WHERE request_uid = ANY(%s) GROUP BY request_uid"
_WEBHOOK_SECONDS = 5.0
_AWAY_MS = 200.0
KNOWN, BLOCKED, UNKNOWN, TAGGED = "known", "blocked", "unknown", "tag"


@dataclass(frozen=True, slots=True)
class Options:
    seconds: float = 60.0
    per_second: int = 200
    stop_at: float = 20.0
    start_at: float = 40.0


@dataclass(frozen=True, slots=True)
class Told:
    """What one review was told. `allowed` is None where it was not answered as a review."""

    uid: str
    about: str
    sent_at: float
    seconds: float
    status: int
    allowed: bool | None


@dataclass(slots=True)
class _Gate:
    """A cluster that asks, and remembers every answer."""

    base: str
    key: str
    images: dict[str, str]
    told: list[Told] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def review(self, number: int) -> None:
        about = (KNOWN, BLOCKED, UNKNOWN, TAGGED)[number % 4]
        uid = f"drill-{number}"
        spec = {"containers": [{"name": "app", "image": self.images[about]}]}
        request = {"uid": uid, "kind": {"kind": "Pod"}, "namespace": "shop", "operation": "CREATE"}
        body = {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": request | {"object": {"metadata": {"name": "app"}, "spec": spec}},
        }
        sent_at = time.monotonic()
        path, data = "/api/v1/admission/kubernetes", json.dumps(body).encode()
        reply = ask(self.base, "POST", path, key=self.key, body=data, Content_Type="application/json")
        allowed = json.loads(reply.body)["response"]["allowed"] if reply.status == 200 else None
        with self.lock:
            self.told.append(Told(uid, about, sent_at, time.monotonic() - sent_at, reply.status, allowed))


def run(site: Site, options: Options, *, team: str = "admission") -> Findings:
    """Ask at a steady rate; stop the database in the middle and start it again."""
    findings = Findings()
    web = site.start_web(wait=False)
    processes = [web, site.start_worker(), site.start_beat()]
    key = site.manage("create_key", "--team", team, "--scopes", "admission:review", "--cluster", "drill").stdout.strip()
    sender = site.make_key(team, "evidence:write")
    site.wait_until_ready(web)
    gate = _Gate(site.base, key, _images(site, sender=sender, team=team))
    began = time.monotonic()
    away = threading.Thread(target=_stop_and_start, args=(site, options, began))
    away.start()
    _ask_steadily(gate, options, began=began)
    away.join()
    gate.told.sort(key=lambda one: one.sent_at)
    _judge(site, gate.told, options, began=began, findings=findings)
    for process in processes:
        process.kill()
    return findings


def _images(site: Site, *, sender: str, team: str) -> dict[str, str]:
    """Send what the gate is to know, block one of it, and return the image of each kind."""
    found = {}
    for about in (KNOWN, BLOCKED):
        document = make_document(f"{team}-{about}", components=200)
        ask(site.base, "POST", "/api/v1/evidence", key=sender, body=document.data)
        found[about] = f"registry.example/{about}@{document.digest}"
    ledger.wait_until_settled(site, team, seconds=60)
    site.manage("shell", "-c", _BLOCK.format(digest=found[BLOCKED].partition("@")[2]))
    unknown = make_document(f"{team}-unknown", components=1)
    return found | {UNKNOWN: f"registry.example/unknown@{unknown.digest}", TAGGED: "registry.example/tagged:1"}


def _ask_steadily(gate: _Gate, options: Options, *, began: float) -> None:
    with ThreadPoolExecutor(64) as pool:
        for number in range(int(options.seconds * options.per_second)):
            time.sleep(max(0.0, began + number / options.per_second - time.monotonic()))
            pool.submit(gate.review, number)


def _stop_and_start(site: Site, options: Options, began: float) -> None:
    """Stop the database as a crash does, and start it again later."""
    time.sleep(max(0.0, began + options.stop_at - time.monotonic()))
    os.kill(_known(site.postgres._recorded_pid()), signal.SIGQUIT)
    wait_until(lambda: not site.postgres._living(), seconds=30, what="the end of PostgreSQL")
    time.sleep(max(0.0, began + options.start_at - time.monotonic()))
    site.postgres.start()


def _judge(site: Site, told: list[Told], options: Options, *, began: float, findings: Findings) -> None:
    let_in = [one for one in told if one.allowed and one.about != KNOWN]
    findings.require(not let_in, f"{len(let_in)} were let in that nobody could judge, {let_in[:1]}")
    away = [one for one in told if began + options.stop_at + 1 <= one.sent_at < began + options.start_at - 1]
    findings.require(not any(one.allowed for one in away), "something was let in while the database was away")
    statuses = Counter(one.status for one in told)
    findings.require(set(statuses) <= {200, 503}, f"answered {dict(statuses)}")
    good = [one for one in told if one.about == KNOWN and one.status == 200]
    findings.require(all(one.allowed for one in good), "a known image was refused that nobody blocked")
    last = [one for one in told if one.sent_at >= began + options.seconds - 2]
    findings.require(all(one.status == 200 for one in last), "not every review was answered again at the end")
    slow = [one for one in told if one.seconds > _WEBHOOK_SECONDS]
    findings.require(not slow, f"{len(slow)} answers took longer than a webhook waits")
    _check_decisions(site, told, findings=findings)
    findings.note(f"{len(told)} reviews at {options.per_second}/s: {statuses[200]} judged, {statuses[503]} times 503")
    findings.note(f"{sum(one.allowed is True for one in told)} let in, all of them known")
    calm = [one.seconds for one in told if one.sent_at < began + options.stop_at - 1 and one.status == 200]
    findings.note(f"p50 {_at(calm, 0.5):.0f} ms, p99 {_at(calm, 0.99):.0f} ms with the database")
    refused = _at([one.seconds for one in away], 0.99)
    findings.require(refused < _AWAY_MS, f"without the database an answer took {refused:.0f} ms (p99)")
    findings.note(f"p99 {refused:.0f} ms without it")


def _check_decisions(site: Site, told: list[Told], *, findings: Findings) -> None:
    """Every answer stands on a decision that is kept, once; what was not answered was decided once at most."""
    kept = dict(site.rows(_DECIDED, [one.uid for one in told]))
    missing = [one.uid for one in told if one.status == 200 and kept.get(one.uid) != 1]
    findings.require(not missing, f"{len(missing)} answers without exactly one decision")
    findings.require(set(kept.values()) <= {1}, "a review was decided twice")
    findings.note(f"{len(kept)} decisions kept, each once")


def _at(seconds: list[float], part: float) -> float:
    """Return a percentile in milliseconds."""
    ordered = sorted(seconds)
    return 1_000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
