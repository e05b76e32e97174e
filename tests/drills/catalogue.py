"""All drills: code, name, what each is held to, and how it is run from its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.drills import (
    admission,
    bombs,
    concurrent_uploads,
    disk,
    edge,
    ingest,
    long_list,
    matrix,
    memory,
    mutations,
    poison,
    restore,
    retraction,
    stall,
    tamper,
    upgrade,
)
from tests.drills.findings import Findings
from tests.drills.site import Site, temporary_site


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill. `options` is the frozen dataclass whose fields become its command-line options."""

    code: str
    name: str
    criterion: str
    options: Any
    run: Callable[[Any], Findings]


def on_a_site(
    run: Callable[[Site, Any], Findings], *, settings: dict[str, str] | None = None, is_empty: bool = False
) -> Callable[[Any], Findings]:
    """Give a drill a temporary installation."""

    def run_on_site(options: Any) -> Findings:
        with temporary_site(settings=settings, is_empty=is_empty) as site:
            findings = run(site, options)
            site.keep_logs = bool(findings.faults)
        return findings

    return run_on_site


DRILLS = (
    Drill(
        "D1",
        "ingest",
        "accepted == applied == distinct documents, edges exactly as in the files, at most 3 attempts, "
        "nothing in work 120 s after the last upload",
        ingest.Options(),
        on_a_site(ingest.run),
    ),
    Drill(
        "D2",
        "crashes",
        "as D1, and every receipt that a client was given can be read",
        ingest.Options(flush_redis_at=0, redis_kill9_at=333, pg_immediate_restart_at=666, duplicate_rate=0.2),
        on_a_site(ingest.run),
    ),
    Drill(
        "D3",
        "control",
        "with the broker as the queue of record D1's criterion must report loss",
        ingest.Options(),
        on_a_site(ingest.run_control),
    ),
    Drill(
        "D4",
        "bombs",
        "each bad input has its code; good uploads' p95 is below twice that alone; web below 400 MB, worker below "
        "1,500 MB; no 5xx, no worker process dies",
        bombs.Options(),
        on_a_site(bombs.run),
    ),
    Drill(
        "D5",
        "memory",
        "a large document under a worker with little memory is applied, or quarantined as resource_limit or "
        "worker_died within 3 attempts; the next one is applied; the worker lives",
        memory.Options(),
        on_a_site(memory.run),
    ),
    Drill(
        "D6",
        "disk",
        "a full disk is answered 503 or 507 with Retry-After; when there is room, nothing accepted is missing, all of "
        "it is applied and re-hashes",
        disk.Options(),
        disk.run,
    ),
    Drill(
        "D7",
        "concurrent",
        "equal uploads at once are one document (one 202, the rest 200), different ones are all kept, no deadlock",
        concurrent_uploads.Options(),
        on_a_site(concurrent_uploads.run),
    ),
    Drill(
        "D8",
        "restore",
        "after backup, loss and restore verify_evidence, verify_audit with the exported head and verify_running pass, "
        "every receipt resolves, and a corrupted blob is named",
        restore.Options(),
        on_a_site(restore.run),
    ),
    Drill(
        "D9",
        "tamper",
        "verify_audit ends with 1 and names the sequence of a changed and a deleted row, and with an exported head of "
        "a cut end and of one written anew",
        tamper.Options(),
        on_a_site(tamper.run),
    ),
    Drill(
        "D10",
        "poison",
        "each poison ends quarantined with a code, within 3 attempts and 3 times its time limit; the next document is "
        "applied",
        poison.Options(),
        on_a_site(poison.run),
    ),
    Drill(
        "D11",
        "admission",
        "while the database is stopped under load, a gate that enforces lets in nothing that it cannot judge, and "
        "answers 503 within 200 ms (p99); afterwards every answer stands on exactly one decision",
        admission.Options(),
        on_a_site(admission.run, settings={"GATE_MODE": "enforce", "WEB_WORKERS": "2"}),
    ),
    Drill(
        "D12",
        "edge",
        "nginx refuses what smuggles, closes slow headers and bodies within 14 s, and /healthz answers with p99 below "
        "1 s throughout",
        edge.Options(),
        on_a_site(edge.run),
    ),
    Drill(
        "D13",
        "stall",
        "what waits is drained within 30 s after the last restart of the broker, or a worker ends itself to be started "
        "anew; then D1's criterion, with one attempt each",
        stall.Options(),
        on_a_site(stall.run),
    ),
    Drill(
        "D15",
        "matrix",
        "every route and method has a row, and another team's object answers byte for byte like a missing one",
        matrix.Options(),
        matrix.run,
    ),
    Drill(
        "D17",
        "mutations",
        "each comparison of the verifier is taken away in turn, and a test fails every time",
        mutations.Options(),
        mutations.run,
    ),
    Drill(
        "D18",
        "list",
        "5,782 lines against 5,000 artifacts, two million edges and 20,000 containers are answered with coverage in "
        "less than 5 s, with exactly the artifacts that a count by hand finds",
        long_list.Options(),
        on_a_site(long_list.run),
    ),
    Drill(
        "D19",
        "retraction",
        "a list that is sent again without three of its packages: the open incident asks by itself, shows what these "
        "three had matched as retracted and nothing else, and flags the actions that rested on them alone",
        retraction.Options(),
        on_a_site(retraction.run),
    ),
    Drill(
        "D20",
        "upgrade",
        "documents that an older release accepted are applied by the current one after a migration: D1's criterion, "
        "and the tables are those of a fresh site",
        upgrade.Options(),
        on_a_site(upgrade.run, is_empty=True),
    ),
)
