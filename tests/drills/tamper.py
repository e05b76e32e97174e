"""D9: the owner of the database changes, deletes, cuts off and rewrites audit rows, with the triggers switched off."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.drills.findings import Findings
from tests.drills.site import Site

_ROWS = """
from supplychain.access import audit
from supplychain.access.actors import system_actor
for number in range({count}):
    audit.record(system_actor("drill"), "drill.done", subject=f"thing:{{number}}", details={{}})
from django.core.management import call_command
call_command("export_audit_head")
"""
_TABLE = "access_auditevent"
# The chain's own trigger numbers and hashes it: a right chain, and not the one there was.
_FORGED = f"""
INSERT INTO {_TABLE} (body, at, team_id, actor, action, subject)
SELECT json_build_object('at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'team', NULL,
    'actor', 'nobody', 'action', 'drill.done', 'subject', 'x')::text, at, NULL, 'nobody', 'drill.done', 'x'
FROM (SELECT now() AS at) moment
"""


@dataclass(frozen=True, slots=True)
class Options:
    rows: int = 200
    cut: int = 10
    damages: str = "changed,deleted,cut,rewritten"


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to the table, and what `verify_audit` must name."""

    name: str
    sequence: int
    statement: str
    heads: tuple[str, ...] = ()
    forged: tuple[str, ...] = ()


def run(site: Site, options: Options) -> Findings:
    """Tamper in each way; put everything back after each."""
    findings = Findings()
    file = site.home.file("audit-heads")
    site.environment["AUDIT_HEAD_FILE"] = str(file)
    site.manage("shell", "-v", "0", "-c", _ROWS.format(count=options.rows))
    head = file.read_text().partition(" ")[0]
    last = int(head.partition(":")[0])
    findings.note(f"{last:,} rows, head exported")
    for damage in _damages(options, last=last, head=head, file=str(file)):
        with _tampered(site, damage):
            _expect(_verify(site, damage.heads), damage, findings=findings)
    intact = _verify(site, ("--head", str(file)))
    findings.require(intact.returncode == 0, f"an intact chain is called broken: {intact.stderr.strip()}")
    return findings


def _damages(options: Options, *, last: int, head: str, file: str) -> list[Damage]:
    middle, first_cut = last - options.rows // 2, last - options.cut + 1
    cut = f"DELETE FROM {_TABLE} WHERE sequence >= {first_cut}"
    damages = [
        Damage("changed", middle, f"UPDATE {_TABLE} SET subject = 'forged' WHERE sequence = {middle}"),
        Damage("deleted", middle, f"DELETE FROM {_TABLE} WHERE sequence = {middle}"),
        Damage("cut", first_cut, cut, heads=("--head", file)),
        Damage("rewritten", last, cut, heads=("--head", head), forged=(_FORGED,) * options.cut),
    ]
    return [damage for damage in damages if damage.name in options.damages.split(",")]


def _verify(site: Site, heads: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return site.manage("verify_audit", *heads, check=False)


def _expect(done: subprocess.CompletedProcess[str], damage: Damage, *, findings: Findings) -> None:
    named = re.search(r"broken at sequence (\d+)", done.stderr)
    found = int(named[1]) if named else None
    is_named = (done.returncode, found) == (1, damage.sequence)
    findings.note(f"{damage.name}: {f'named {found}' if is_named else 'missed'}")
    findings.require(
        is_named,
        f"{damage.name} at {damage.sequence}: exit {done.returncode}, {done.stderr.strip() or done.stdout.strip()}",
    )


@contextmanager
def _tampered(site: Site, damage: Damage) -> Iterator[None]:
    """Keep a copy of the table, do the damage as its owner, and put the copy back afterwards."""
    with site.connect() as connection:
        connection.execute(f"CREATE TABLE audit_before AS TABLE {_TABLE}")
        connection.execute("SET session_replication_role = replica")
        connection.execute(damage.statement)
        connection.execute("SET session_replication_role = origin")
        for statement in damage.forged:
            connection.execute(statement)
        try:
            yield
        finally:
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"DELETE FROM {_TABLE}")
            connection.execute(f"INSERT INTO {_TABLE} SELECT * FROM audit_before")
            connection.execute("DROP TABLE audit_before")
