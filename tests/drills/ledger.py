"""Compare what clients were promised with what the database holds: the criterion of D1, D2, D3, D13 and D20."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from tests.drills.documents import SbomDocument
from tests.drills.findings import Findings
from tests.drills.processes import wait_until
from tests.drills.site import Site
from tests.drills.traffic import Ledger, ask

MAX_ATTEMPTS = 3
_STATES = """
SELECT s.state, count(*), max(s.attempts) FROM inventory_evidencestate s
JOIN access_team t ON t.id = s.team_id WHERE t.slug = %s GROUP BY s.state
"""
_STORED = """
SELECT e.public_id::text FROM inventory_evidence e JOIN access_team t ON t.id = e.team_id WHERE t.slug = %s
"""
_EDGES = """
SELECT a.digest, c.identity
FROM inventory_snapshotsubject ss
JOIN inventory_track tr ON tr.id = ss.track_id
JOIN access_team t ON t.id = tr.team_id
JOIN inventory_artifact a ON a.id = ss.artifact_id
JOIN inventory_presence p ON p.track_id = ss.track_id AND p.from_seq <= ss.seq AND p.to_seq > ss.seq
JOIN inventory_component c ON c.id = p.component_id
WHERE t.slug = %s
"""


def wait_until_settled(site: Site, team: str, *, seconds: float) -> float:
    """Wait until nothing of a team waits or is in work, or the time is over; return how long it took."""
    begun = time.monotonic()
    while count_unsettled(site, team) and time.monotonic() - begun < seconds:
        time.sleep(0.1)
    return time.monotonic() - begun


def wait_until_quiet(site: Site, team: str, *, quiet_seconds: float, seconds: float) -> None:
    """Wait until the number of unsettled documents has stood still for a while: nobody works on them any more."""
    last, since = count_unsettled(site, team), time.monotonic()

    def stands_still() -> bool:
        nonlocal last, since
        if (now := count_unsettled(site, team)) != last:
            last, since = now, time.monotonic()
        return now == 0 or time.monotonic() - since > quiet_seconds

    wait_until(stands_still, seconds=seconds, what="the end of the work", pause=0.2)


def check(
    site: Site,
    team: str,
    *,
    ledger: Ledger,
    documents: Sequence[SbomDocument],
    findings: Findings,
    max_attempts: int = MAX_ATTEMPTS,
) -> None:
    """Require that every accepted document is applied once, whole, and that nothing else is there."""
    states = {state: (count, attempts) for state, count, attempts in site.rows(_STATES, team)}
    applied = sum(count for state, (count, _) in states.items() if state.startswith("applied"))
    attempts = max((attempts for _, attempts in states.values()), default=0)
    accepted = len(ledger.receipts)
    findings.note(f"{accepted:,} accepted")
    findings.note(f"{applied:,} applied")
    findings.require(not ledger.refused, f"{len(ledger.refused)} answers no client expects, first {ledger.refused[:1]}")
    findings.require(accepted == len(documents), f"{len(documents):,} sent but {accepted:,} accepted")
    missing = f"{accepted - applied:,} of {accepted:,} accepted were not applied: {_told(states)}"
    findings.require(applied == accepted, missing)
    stored = Counter(row[0] for row in site.rows(_STORED, team))
    findings.require(set(stored) >= set(ledger.receipts.values()), "a receipt has no row")
    findings.require(stored.total() == accepted, f"{stored.total():,} rows for {accepted:,} documents")
    findings.require(attempts <= max_attempts, f"{attempts} attempts over one document")
    _check_edges(site, team, documents=documents, findings=findings)
    findings.note(f"at most {attempts} attempts")


def check_receipts(site: Site, *, key: str, ledger: Ledger, findings: Findings) -> None:
    """Require that each receipt that a client holds can be read."""
    bad = [
        receipt
        for receipt in ledger.receipts.values()
        if ask(site.base, "GET", f"/api/v1/evidence/{receipt}", key=key).status != 200
    ]
    findings.note(f"{len(ledger.receipts) - len(bad):,} receipts resolved")
    findings.require(not bad, f"{len(bad)} receipts cannot be read, first {bad[:1]}")


def _check_edges(site: Site, team: str, *, documents: Sequence[SbomDocument], findings: Findings) -> None:
    expected = Counter(edge for document in documents for edge in document.edges)
    found = Counter((digest, purl) for digest, purl in site.rows(_EDGES, team))
    findings.note(f"{found.total():,} of {expected.total():,} edges")
    findings.require(
        found == expected,
        f"{(expected - found).total():,} edges are missing, {(found - expected).total():,} are surplus",
    )


def count_unsettled(site: Site, team: str) -> int:
    """Count the documents of a team that wait or are in work."""
    return sum(count for state, count, _ in site.rows(_STATES, team) if state in {"received", "processing"})


def _told(states: dict[str, tuple[int, int]]) -> str:
    return ", ".join(f"{count:,} {state}" for state, (count, _) in sorted(states.items()))
