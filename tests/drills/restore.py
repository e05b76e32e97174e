"""D8: back up, drop the database, restore it, and hold everything to its digests, chain and recount."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import zstandard

from tests.drills import ledger
from tests.drills.documents import make_documents
from tests.drills.findings import DrillError, Findings
from tests.drills.site import Site
from tests.drills.traffic import Clients, ask

_TABLES = (
    "inventory_evidence",
    "inventory_evidenceblob",
    "inventory_evidencestate",
    "inventory_presence",
    "inventory_runinterval",
    "access_auditevent",
)
_REPORTED = 40


@dataclass(frozen=True, slots=True)
class Options:
    uploads: int = 300


def run(site: Site, options: Options, *, team: str = "restore") -> Findings:
    """Fill a site, lose its database, bring it back, then corrupt one blob."""
    findings = Findings()
    clients = _fill(site, options, team=team)
    heads, dump = site.home.file("audit-heads"), site.home.file("backup.dump")
    site.environment["AUDIT_HEAD_FILE"] = str(heads)
    site.manage("export_audit_head")
    before = _counts(site)
    began = time.monotonic()
    _pg(site, "pg_dump", "--format=custom", f"--file={dump}", site.postgres.url)
    findings.note(f"backup of {dump.stat().st_size / 1e6:.1f} MB in {time.monotonic() - began:.1f} s")
    _drop(site)
    began = time.monotonic()
    _pg(site, "pg_restore", "--no-owner", f"--dbname={site.postgres.url}", str(dump))
    site.manage("prepare_database")
    _verify(site, heads=heads, findings=findings)
    web = site.start_web()
    findings.note(f"RTO {time.monotonic() - began:.0f} s: restored, verified, serving")
    after = _counts(site)
    findings.require(after == before, f"rows before {before}, after {after}")
    findings.note(f"{after['inventory_evidence']:,} documents and {after['access_auditevent']:,} audit lines as before")
    key = site.make_key(team, "inventory:read", "evidence:write")
    ledger.check_receipts(site, key=key, ledger=clients.ledger, findings=findings)
    _corrupt(site, findings=findings)
    web.kill()
    return findings


def _fill(site: Site, options: Options, *, team: str) -> Clients:
    processes = [site.start_web(wait=False), site.start_worker(), site.start_beat()]
    key = site.make_key(team, "evidence:write", "inventory:read")
    site.wait_until_ready(processes[0])
    documents = make_documents(options.uploads, label=team)
    clients = Clients(site.base, documents, key=key)
    clients.start()
    while not clients.is_done:
        time.sleep(0.1)
    records = [
        {"cluster": "prod", "namespace": "shop", "workload": f"Deployment/app-{place}", "container": "app"}
        | {"digest": document.digest}
        for place, document in enumerate(documents[:_REPORTED])
    ]
    body = json.dumps(records).encode()
    reply = ask(site.base, "POST", "/api/v1/deployments", key=key, body=body, Content_Type="application/json")
    if reply.status != 202:
        raise DrillError(f"a report was answered {reply.status}: {reply.body[:200]!r}")
    ledger.wait_until_settled(site, team, seconds=120)
    for process in processes:
        process.kill()
    return clients


def _verify(site: Site, *, heads: Path, findings: Findings) -> None:
    for command in (("verify_evidence",), ("verify_audit", "--head", str(heads)), ("verify_running",)):
        done = site.manage(*command, check=False)
        said = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1]
        findings.require(done.returncode == 0, f"{command[0]}: exit {done.returncode}, {said}")
        findings.note(f"{command[0]}: {said}")


def _corrupt(site: Site, *, findings: Findings) -> None:
    """Change the bytes of one blob as a superuser could; the command must name it and no other."""
    forged = zstandard.compress(b'{"forged": true}')
    with site.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        [digest] = connection.execute(
            "UPDATE inventory_evidenceblob SET data = %s "
            "WHERE digest = (SELECT max(digest) FROM inventory_evidenceblob) RETURNING digest",
            [forged],
        ).fetchone() or [""]
    done = site.manage("verify_evidence", check=False)
    named = [line for line in done.stderr.splitlines() if line.startswith("document ")]
    findings.require(
        done.returncode == 1 and named == [f"document {digest}: evidence_corrupt"],
        f"a corrupted blob: exit {done.returncode}, {done.stderr.strip()[-300:]}",
    )
    findings.note("a corrupted blob named" if named else "a corrupted blob missed")


def _counts(site: Site) -> dict[str, int]:
    """Count the rows of the tables that matter, and fingerprint the keys of all blobs."""
    counts = {table: int(site.rows(f"SELECT count(*) FROM {table}")[0][0]) for table in _TABLES}
    digests = "".join(row[0] for row in site.rows("SELECT digest FROM inventory_evidenceblob ORDER BY digest"))
    return counts | {"digests": int(hashlib.sha256(digests.encode()).hexdigest()[:12], 16)}


def _drop(site: Site) -> None:
    parts = urlsplit(site.postgres.url)
    name = parts.path.removeprefix("/")
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")


def _pg(site: Site, program: str, *arguments: str) -> None:
    """Run a program of the same PostgreSQL that serves."""
    command = [str(site.postgres._programs / program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DrillError(f"{program}: {done.stderr.strip()[-500:]}")
