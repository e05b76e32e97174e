"""D18: a list of 5,782 packages against 5,000 artifacts, two million edges and 20,000 containers, whole and in time."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.drills.findings import Findings
from tests.drills.processes import wait_until
from tests.drills.site import Site

Ask = Callable[[Mapping[str, object]], Any]
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Options:
    services: int = 4_600
    builds: int = 5_300
    listed: int = 5_782
    planted: int = 300
    seconds: float = 5.0
    artifacts: int = 5_000
    edges: int = 2_000_000
    running: int = 20_000


def run(site: Site, options: Options) -> Findings:
    """Load, ask over HTTP as a responder does, and compare every digest."""
    findings = Findings()
    folder = site.home.path
    sizes = (f"{name}={getattr(options, name)}" for name in ("services", "builds", "listed", "planted"))
    call = f"from tests.drills.long_list_estate import prepare; prepare({', '.join(sizes)}, folder={str(folder)!r})"
    site.manage("shell", "-v", "0", "-c", call)
    # Not ready, since no worker runs: the question needs none.
    web = site.start_web(wait=False)
    wait_until(lambda: site.status("/healthz") == 200, seconds=90, what="the web server")
    made = site.manage("create_key", "--team", "platform", "--scopes", "incidents:read", "--sees-all-teams")
    key = made.stdout.strip().splitlines()[-1]

    def ask(body: Mapping[str, object]) -> Any:
        request = urllib.request.Request(  # our own site
            f"{site.base}/api/v1/impact",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:  # as above
            return json.load(answer)

    compare(ask, folder=folder, options=options, findings=findings)
    web.kill()
    return findings


def compare(ask: Ask, *, folder: Path, options: Options, findings: Findings) -> None:
    """Hold the answer to the count by hand, and its first page with coverage to the time."""
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    text = (folder / "list.txt").read_text(encoding="utf-8")
    for name, least in (("artifact", options.artifacts), ("edge", options.edges), ("running", options.running)):
        count = facts[f"{name}_count"]
        findings.note(f"{count:,} {name}{'s' if name != 'running' else ' containers'}")
        findings.require(count >= least, f"the estate has {count:,} of {least:,} ({name})")
    began = time.monotonic()
    first = ask({"text": text, "limit": _PAGE})
    cold = time.monotonic() - began
    began = time.monotonic()
    first = ask({"text": text, "limit": _PAGE})
    warm = time.monotonic() - began
    findings.note(
        f"{len(first['asked']['indicators']):,} lines answered with coverage in {cold:.2f} s, again in {warm:.2f} s"
    )
    findings.require(max(cold, warm) < options.seconds, f"it took {max(cold, warm):.1f} s")
    findings.require(first["coverage"]["running_artifact_count"] > 0, "the answer has no coverage")
    rows = list(first["rows"])
    while first["next"]:
        first = ask({"text": text, "limit": _PAGE, "cursor": first["next"]})
        rows += first["rows"]
    found = {row["artifact"]["digest"]: row for row in rows}
    running = {digest for digest, row in found.items() if row["running"]}
    findings.note(f"{len(found):,} artifacts listed, {len(running):,} running")
    _require_equal(set(found), set(facts["expected"]), what="artifacts", findings=findings)
    _require_equal(running, set(facts["expected_running"]), what="running artifacts", findings=findings)
    findings.require({row["status"] for row in rows} == {"affected"}, "a row is not affected")


def _require_equal(found: set[str], expected: set[str], *, what: str, findings: Findings) -> None:
    findings.require(bool(expected), f"the count by hand expects no {what}: nothing is compared")
    findings.require(not expected - found, f"{len(expected - found)} {what} are missing")
    findings.require(not found - expected, f"{len(found - expected)} {what} are too many")
