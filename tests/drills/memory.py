"""D5: a worker with little memory meets a large document: it is applied or put aside, and the next one is applied."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass

import zstandard

from tests.drills import poison
from tests.drills.documents import make_document
from tests.drills.findings import DrillError, Findings
from tests.drills.site import Site
from tests.drills.traffic import ask

_ENDS = frozenset({"resource_limit", "worker_died"})


@dataclass(frozen=True, slots=True)
class Options:
    components: int = 200_000
    address_space_mb: int = 1500
    seconds: float = 400.0


def run(site: Site, options: Options, *, team: str = "memory") -> Findings:
    """Send the large one and a small one; see how both end, and how many processes died."""
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        return Findings(impossible="prlimit (util-linux) is not here")
    findings = Findings()
    web = site.start_web(wait=False)
    limited = [prlimit, f"--as={options.address_space_mb * 1024 * 1024}"]
    worker = site.start_worker(prefix=limited, concurrency=1)
    beat = site.start_beat()
    key = site.make_key(team, "evidence:write", "inventory:read")
    site.wait_until_ready(web)
    document = make_document("large", components=options.components, label=team)
    reply = ask(
        site.base,
        "POST",
        "/api/v1/evidence",
        key=key,
        body=zstandard.compress(document.data),
        Content_Encoding="zstd",
    )
    if reply.status != 202:
        raise DrillError(f"the large document was answered {reply.status}: {reply.body[:200]!r}")
    large = poison.receipt_id(reply)
    small = poison.send(site, "next", key=key)
    began = time.monotonic()
    receipt = poison.wait_for_receipt(site, large, key=key, seconds=options.seconds)
    code = (receipt["error"] or {}).get("code")
    is_ended = receipt["state"].startswith("applied") or (receipt["state"] == "quarantined" and code in _ENDS)
    size = (
        f"{options.components:,} components, {len(document.data) / 1e6:.0f} MB, {options.address_space_mb} MB of memory"
    )
    findings.note(f"{size}: {receipt['state']} {code or ''} after {receipt['attempts']} tries".replace("  ", " "))
    for failed in receipt["failed_tries"]:
        told = f"{failed['code']} {failed['error']} after {failed['seconds']} s at {failed['place']}"
        findings.note(f"try {failed['attempt']} failed: {told}")
    findings.require(is_ended, f"the large document is {receipt['state']} {receipt['error']}")
    findings.require(receipt["attempts"] <= 3, f"{receipt['attempts']} attempts")
    after = poison.wait_for_receipt(site, small, key=key, seconds=60)
    findings.note(f"the next document {after['state']}, {time.monotonic() - began:.0f} s in all")
    findings.require(after["state"].startswith("applied"), f"the next document is {after['state']}: {after['error']}")
    findings.require(worker.is_alive, "the worker itself ended")
    deaths = worker.log_text().count("exited with")
    findings.note(f"{deaths} of its processes died")
    findings.require(deaths <= 3, f"{deaths} processes died over one document")
    for process in (web, worker, beat):
        process.kill()
    return findings
