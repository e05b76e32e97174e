"""D7: one document sent by fifty clients at once is one document; two about one artifact are two."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.drills import ledger
from tests.drills.documents import SbomDocument, make_document
from tests.drills.findings import Findings
from tests.drills.ingest import PRODUCT, Queue
from tests.drills.site import Site
from tests.drills.traffic import Reply, ask

_STORED = """
SELECT count(*), count(DISTINCT e.blob_id) FROM inventory_evidence e
JOIN access_team t ON t.id = e.team_id WHERE t.slug = %s
"""
_SUBJECTS = """
SELECT count(*) FROM inventory_snapshotsubject ss
JOIN inventory_artifact a ON a.id = ss.artifact_id WHERE a.digest = %s
"""


@dataclass(frozen=True, slots=True)
class Options:
    same: int = 50
    different: int = 2


def run(site: Site, options: Options, *, queue: Queue = PRODUCT, team: str = "concurrent") -> Findings:
    """Send them, and count what was answered and stored."""
    findings = Findings()
    web = site.start_web(wait=False)
    processes = [web, site.start_worker(queue.app), site.start_beat(queue.app)]
    key = site.make_key(team, "evidence:write", "inventory:read")
    site.wait_until_ready(web)
    document = make_document(f"{team}-same", components=20)
    answers = _send_at_once(site, [document] * options.same, key=key)
    statuses = Counter(answer.status for answer in answers)
    receipts = {json.loads(answer.body).get("id") for answer in answers if answer.status in {200, 202}}
    told = ", ".join(f"{count} times {status}" for status, count in sorted(statuses.items()))
    findings.note(f"{options.same} equal uploads at once: {len(receipts)} receipt, {told}")
    findings.require(len(receipts) == 1, f"{len(receipts)} receipts for one document")
    findings.require(statuses == Counter({202: 1, 200: options.same - 1}), f"answered {told}")

    digest = document.digest
    variants = [_about(digest, make_document(f"{team}-{n}", components=20)) for n in range(options.different)]
    different = _send_at_once(site, variants, key=key)
    findings.require({answer.status for answer in different} == {202}, "a different document was not accepted")
    seconds = ledger.wait_until_settled(site, team, seconds=60)
    [(rows, blobs)] = site.rows(_STORED, team)
    wanted = 1 + options.different
    findings.note(f"{options.different} different ones about the same artifact: {rows - 1} kept")
    findings.require((rows, blobs) == (wanted, wanted), f"{rows} rows and {blobs} blobs for {wanted} documents")
    [(subjects,)] = site.rows(_SUBJECTS, digest)
    told = f"{subjects} SBOMs of the artifact for {wanted} documents after {seconds:.0f} s"
    findings.require(subjects == wanted, told)
    deadlocks = (site.home.logs / "postgres.log").read_text(errors="replace").count("deadlock detected")
    findings.note(f"{deadlocks} deadlocks")
    findings.require(deadlocks == 0, f"{deadlocks} deadlocks in the server's log")
    for process in processes:
        process.kill()
    return findings


def _send_at_once(site: Site, documents: list[SbomDocument], *, key: str) -> list[Reply]:
    def send(document: SbomDocument) -> Reply:
        return ask(site.base, "POST", "/api/v1/evidence", key=key, body=document.data)

    with ThreadPoolExecutor(len(documents)) as pool:
        return list(pool.map(send, documents))


def _about(digest: str, document: SbomDocument) -> SbomDocument:
    data = json.loads(document.data)
    data["metadata"]["component"]["version"] = digest
    return SbomDocument(digest, json.dumps(data).encode(), document.purls)
