"""D6: the disk under PostgreSQL is full: nothing is half accepted, and nothing accepted is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from privileges import privileges

from tests.drills import ledger
from tests.drills.documents import SbomDocument, make_document
from tests.drills.findings import Findings
from tests.drills.processes import wait_until
from tests.drills.site import Site
from tests.drills.traffic import ask

_UNFINISHED = """
SELECT count(*) FROM inventory_evidence e LEFT JOIN inventory_evidenceblob b ON b.digest = e.blob_id
LEFT JOIN inventory_evidencestate s ON s.evidence_id = e.id
WHERE b.digest IS NULL OR s.state IS NULL OR s.state NOT IN ('applied', 'applied_with_warnings')
"""
_REFUSALS = frozenset({503, 507})


@dataclass(frozen=True, slots=True)
class Options:
    size_mb: int = 220
    left_mb: int = 12
    uploads: int = 150
    enough_refusals: int = 8


def run(options: Options, *, team: str = "disk") -> Findings:
    """Fill the disk with ballast and documents, take the ballast away, and count."""
    if os.geteuid() != 0 or privileges().user is not None or shutil.which("mount") is None:
        return Findings(impossible="a small disk needs root, mount and user namespaces")
    findings = Findings()
    with _small_disk(options) as site:
        if site is None:
            return Findings(impossible="this machine lets nobody mount a tmpfs")
        web = site.start_web()
        worker, beat = site.start_worker(), site.start_beat()
        key = site.make_key(team, "evidence:write", "inventory:read")
        ballast = _fill(site, left_mb=options.left_mb)
        accepted = _send_until_full(site, options, key=key, team=team, findings=findings)
        ballast.unlink()
        _bring_back(site)
        seconds = ledger.wait_until_settled(site, team, seconds=120)
        [(unfinished,)] = site.rows(_UNFINISHED)
        findings.note(f"settled {seconds:.0f} s after there was room")
        findings.require(unfinished == 0, f"{unfinished} rows are not whole or not applied")
        missing = [one for one in accepted if ask(site.base, "GET", f"/api/v1/evidence/{one}", key=key).status != 200]
        findings.note(f"{len(missing)} of {len(accepted)} accepted missing")
        findings.require(not missing, f"{len(missing)} accepted documents are missing")
        done = site.manage("verify_evidence", check=False)
        findings.note((done.stdout.strip() or done.stderr.strip()).splitlines()[-1])
        findings.require(done.returncode == 0, f"verify_evidence: {done.stderr.strip()[-300:]}")
        for process in (web, worker, beat):
            process.kill()
        site.keep_logs = bool(findings.faults)
    return findings


def _send_until_full(site: Site, options: Options, *, key: str, team: str, findings: Findings) -> list[str]:
    """Send documents that hardly compress until enough were refused; return the ids of the accepted."""
    statuses: Counter[int] = Counter()
    accepted, without_retry = [], 0
    for number in range(options.uploads):
        reply = ask(site.base, "POST", "/api/v1/evidence", key=key, body=_bulky(team, number).data)
        statuses[reply.status] += 1
        if reply.status == 202:
            accepted.append(json.loads(reply.body)["id"])
        elif reply.status in _REFUSALS:
            without_retry += "retry-after" not in reply.headers
        if sum(statuses[status] for status in statuses if status != 202) >= options.enough_refusals:
            break
    told = ", ".join(f"{count} times {status}" for status, count in sorted(statuses.items()))
    findings.note(f"answered {told}")
    refused = sum(statuses[status] for status in _REFUSALS)
    findings.require(refused > 0, "the disk did not fill")
    findings.require(set(statuses) <= {202} | _REFUSALS, f"answered {told}")
    findings.require(not without_retry, f"{without_retry} refusals without Retry-After")
    return accepted


def _bulky(team: str, number: int) -> SbomDocument:
    """Return a document with half a megabyte that no compression removes."""
    noise = random.Random(number).randbytes(250_000).hex()
    document = make_document(f"{team}-{number}", components=5, label=team)
    data = json.loads(document.data)
    data["properties"] = [{"name": "noise", "value": noise}]
    return SbomDocument(document.digest, json.dumps(data).encode(), document.purls)


def _fill(site: Site, *, left_mb: int) -> Path:
    folder = site.home.postgres
    ballast = folder / "ballast"
    free = shutil.disk_usage(folder).free - left_mb * 1024 * 1024
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(4096, free))
    return ballast


def _bring_back(site: Site) -> None:
    """Start PostgreSQL again if it gave up over its log, as its supervisor would, and wait until the site is ready."""
    deadline = time.monotonic() + 20
    while site.status("/readyz") != 200 and time.monotonic() < deadline:
        time.sleep(0.5)
    site.postgres.start()
    wait_until(lambda: site.status("/readyz") == 200, seconds=60, what="the site after the disk had room", pause=0.5)


@contextmanager
def _small_disk(options: Options) -> Iterator[Site | None]:
    """Give a site whose database lies on a disk of its own size; None where nobody may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="supplychain-drill-")).resolve()
    site = Site(folder)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={options.size_mb}m,mode=0700", "tmpfs", str(site.home.postgres)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        shutil.rmtree(folder)
        yield None
        return
    try:
        site.start_servers()
        yield site
    finally:
        site.close()
        subprocess.run(["umount", str(site.home.postgres)], capture_output=True, check=True)
        if site.keep_logs:
            print(f"The logs are kept: {site.home.logs}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
