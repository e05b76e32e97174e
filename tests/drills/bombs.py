"""D4: bombs and every bad input, while good uploads run: each has its code, and nobody else notices."""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import zstandard

from tests.bench.processes import forget_peaks, peak_megabytes
from tests.drills import ledger, poison
from tests.drills.documents import make_document, make_documents
from tests.drills.findings import Findings
from tests.drills.site import Site
from tests.drills.traffic import Clients, Reply, ask
from tests.inventory.formats.test_bad_inputs import REFUSED

WEB_MEGABYTES, WORKER_MEGABYTES, SLOWER = 400, 1500, 2.0
GIBIBYTE = 1 << 30
# Refused before anything is stored: the table's code belongs to the reader, whom these never reach.
AT_THE_DOOR = {"empty_document", "unsupported_archive"}
_APPLIED = """
SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM s.applied_at - e.received_at))
FROM inventory_evidencestate s JOIN inventory_evidence e ON e.id = s.evidence_id
JOIN access_team t ON t.id = e.team_id WHERE t.slug = %s
"""


@dataclass(frozen=True, slots=True)
class Options:
    per_second: float = 20.0
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Vector:
    """One bad input, and the code it must end with."""

    name: str
    body: bytes
    code: str
    encoding: str = ""


@dataclass(slots=True)
class Attack:
    """What became of the bad inputs."""

    wrong: list[str] = field(default_factory=list)
    server_errors: int = 0
    receipts: dict[str, Vector] = field(default_factory=dict)


def run(site: Site, options: Options) -> Findings:
    """Measure good uploads alone, then beside the bombs."""
    findings = Findings()
    web, worker, beat = site.start_web(), site.start_worker(), site.start_beat()
    bad_key = site.make_key("bad", "evidence:write", "inventory:read")
    quiet = _good(site, options, team="alone", meanwhile=None)
    forget_peaks(web.pid)
    forget_peaks(worker.pid)
    vectors, attack = make_vectors(), Attack()
    loud = _good(site, options, team="beside", meanwhile=lambda: _attack(site, vectors, key=bad_key, attack=attack))
    _check_receipts(site, attack, key=bad_key)
    findings.note(f"{len(vectors)} bad inputs, {len(vectors) - len(attack.wrong)} with their code")
    findings.require(not attack.wrong, f"wrong: {attack.wrong[:5]}")
    findings.require(attack.server_errors == 0, f"{attack.server_errors} answers of 5xx")
    for name, alone, beside in (("202", quiet[0], loud[0]), ("applied", quiet[1], loud[1])):
        findings.note(f"good uploads, {name} p95 {beside * 1000:.0f} ms beside, {alone * 1000:.0f} ms alone")
        findings.require(beside < SLOWER * alone, f"{name} p95 {beside / alone:.1f} times as long")
    for name, process, limit in (("web", web, WEB_MEGABYTES), ("worker", worker, WORKER_MEGABYTES)):
        peak = peak_megabytes(process.pid)
        findings.note(f"{name} at most {peak:.0f} MB")
        findings.require(peak < limit, f"{name} took {peak:.0f} MB")
    deaths = worker.log_text().count("exited with")
    findings.note(f"{deaths} worker processes died")
    findings.require(deaths == 0 and worker.is_alive, f"{deaths} worker processes died")
    for process in (web, worker, beat):
        process.kill()
    return findings


def make_vectors() -> list[Vector]:
    """Return the suite's bad inputs, and bombs that are too large for it."""
    small = [
        Vector(f"item {number}-{place}", data, code)
        for place, (number, data, code, *_) in enumerate(REFUSED)
        if code != "inflated_too_large"  # the site's ceiling is higher than the table's
    ]
    zeros = _compressed_zeros()
    bombs = [
        Vector("gzip bomb, encoded", zeros["gzip"], "inflated_too_large", encoding="gzip"),
        Vector("zstd bomb, encoded", zeros["zstd"], "inflated_too_large", encoding="zstd"),
        Vector("gzip bomb, a file", zeros["gzip"], "inflated_too_large"),
        Vector("zstd bomb, a file", zeros["zstd"], "inflated_too_large"),
        Vector("a long body", b" " * (65 << 20), "too_large"),
        Vector("ten million brackets", b"[" * 10_000_000, "too_deep"),
        Vector("too many components", make_document("many", components=200_001).data, "too_many_components", "zstd"),
    ]
    return [*small, *bombs]


def _compressed_zeros() -> dict[str, bytes]:
    chunk = bytes(1 << 20)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as file:
        for _ in range(GIBIBYTE // len(chunk)):
            file.write(chunk)
    frame = zstandard.ZstdCompressor().compressobj()
    parts = [frame.compress(chunk) for _ in range(GIBIBYTE // len(chunk))]
    return {"gzip": packed.getvalue(), "zstd": b"".join([*parts, frame.flush()])}


def _good(site: Site, options: Options, *, team: str, meanwhile: Callable[[], None] | None) -> tuple[float, float]:
    """Send good documents at their rate; return the p95 of the 202, and of the time until applied."""
    key = site.make_key(team, "evidence:write", "inventory:read")
    documents = make_documents(int(options.per_second * options.seconds), label=team)
    clients = Clients(site.base, documents, key=key, per_second=options.per_second)
    attacking = threading.Thread(target=meanwhile) if meanwhile else None
    clients.start()
    if attacking:
        attacking.start()
        attacking.join()
    while not clients.is_done:
        time.sleep(0.1)
    ledger.wait_until_settled(site, team, seconds=120)
    seconds = sorted(clients.ledger.seconds)
    [(applied,)] = site.rows(_APPLIED, team)
    return seconds[int(len(seconds) * 0.95)], float(applied)


def _attack(site: Site, vectors: list[Vector], *, key: str, attack: Attack) -> None:
    for place, vector in enumerate(vectors):
        reply = _send(site, vector, key=key, place=place)
        attack.server_errors += reply.status >= 500
        if reply.status == 202:
            attack.receipts[poison.receipt_id(reply)] = vector
        elif not _is_refused_rightly(reply, vector):
            attack.wrong.append(f"{vector.name}: {reply.status} {reply.body[:100]!r}")


def _send(site: Site, vector: Vector, *, key: str, place: int) -> Reply:
    headers = {"Content_Encoding": vector.encoding} if vector.encoding else {}
    is_packed = vector.body.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))
    body = zstandard.compress(vector.body) if vector.encoding and not is_packed else vector.body
    path = f"/api/v1/evidence?name=bad&version={place}"
    return ask(site.base, "POST", path, key=key, body=body, **headers)


def _is_refused_rightly(reply: Reply, vector: Vector) -> bool:
    if reply.status == 0 and vector.code == "too_large":
        return True  # the server closes such a body before its end
    if not 400 <= reply.status < 500:
        return False
    code: Any = json.loads(reply.body).get("code")
    return code == vector.code or code in AT_THE_DOOR


def _check_receipts(site: Site, attack: Attack, *, key: str) -> None:
    for receipt, vector in attack.receipts.items():
        found = poison.wait_for_receipt(site, receipt, key=key, seconds=120)
        code = (found["error"] or {}).get("code")
        if (found["state"], code) != ("rejected", vector.code):
            attack.wrong.append(f"{vector.name}: {found['state']} {code}, not rejected {vector.code}")
