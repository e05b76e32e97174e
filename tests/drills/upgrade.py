"""D20: an older release has accepted documents that no worker took; the current one migrates and applies them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.drills import ledger, tables
from tests.drills.documents import make_documents
from tests.drills.findings import DrillError, Findings
from tests.drills.processes import CHECKOUT, wait_until
from tests.drills.site import Site
from tests.drills.traffic import Clients

SETTLE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Options:
    release: str = "3cb3157"
    uploads: int = 300


def run(site: Site, options: Options, *, team: str = "upgrade") -> Findings:
    """Fill the queue with the older release, migrate, start the current web and workers; D1's criterion.

    The older release runs in this environment: its own lock file may name other versions of the packages.
    """
    findings = Findings()
    older = site.home.path / "older"
    if (reason := _unpack(options.release, older)) is not None:
        return Findings(impossible=reason)
    site.manage("prepare_database", cwd=older)
    web = site.start_web(cwd=older, settings={"DATABASE_URL": site.postgres.url})  # it knows no roles
    key = site.make_key(team, "evidence:write", "inventory:read", cwd=older)
    documents = make_documents(options.uploads, label=team)
    clients = Clients(site.base, documents, key=key)
    clients.start()
    wait_until(lambda: clients.is_done, seconds=240, what="the end of the uploads", pause=0.2)
    waiting = ledger.count_unsettled(site, team)
    findings.require(waiting == options.uploads, f"only {waiting} documents wait in the older release's queue")
    findings.note(f"{waiting:,} documents wait in release {options.release}")
    site.manage("prepare_database")  # while the older web server still serves
    findings.require(site.status("/healthz") == 200, "the older web server does not answer on the new tables")
    web.kill()
    site.flush_broker()
    site.start_web()
    site.start_worker()
    site.start_worker()
    site.start_beat()
    seconds = ledger.wait_until_settled(site, team, seconds=SETTLE_SECONDS)
    findings.note(f"migrated, and applied by the current release within {seconds:.0f} s")
    ledger.check(site, team, ledger=clients.ledger, documents=documents, findings=findings)
    ledger.check_receipts(site, key=key, ledger=clients.ledger, findings=findings)
    differences = tables.compare_with_fresh(site)
    findings.require(not differences, f"the tables are not those of a fresh site: {differences[:3]}")
    findings.note("the tables are those of a fresh site")
    return findings


def _unpack(release: str, folder: Path) -> str | None:
    """Write the release's files down; return why that is not possible."""
    git = shutil.which("git")
    if git is None or not (CHECKOUT / ".git").exists():
        return "this is no git checkout, so there is no older release to run"
    asked = [git, "cat-file", "-e", f"{release}^{{commit}}"]
    known = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, check=False)
    if known.returncode != 0:
        return f"release {release} is not in this checkout's history (a shallow clone has none)"
    folder.mkdir(parents=True)
    packed = subprocess.run([git, "archive", release], cwd=CHECKOUT, capture_output=True, check=True)
    unpacked = subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, capture_output=True, check=False)
    if unpacked.returncode != 0:
        raise DrillError(f"tar: {unpacked.stderr.decode(errors='replace')[-300:]}")
    return None
