"""Whether a database that was migrated step by step has the tables of one that was made at once."""

from __future__ import annotations

import difflib
import subprocess

from tests.drills.findings import DrillError
from tests.drills.site import Site

FRESH = "fresh"
_NOT_ALIKE = ("\\restrict ", "\\unrestrict ")
"""Lines with a word that pg_dump makes up each time."""


def compare_with_fresh(site: Site) -> list[str]:
    """Make a fresh database beside the site's; return the lines by which the two differ, rights included."""
    with site.connect() as connection:
        connection.execute(f"CREATE DATABASE {FRESH}")
    url = site.postgres.url.replace("/supplychain?", f"/{FRESH}?")
    site.manage("prepare_database", settings={"DATABASE_URL": url})
    lines = difflib.unified_diff(_tables(site, site.postgres.url), _tables(site, url), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _tables(site: Site, url: str) -> list[str]:
    program = site.postgres._programs / "pg_dump"
    done = subprocess.run([program, "--schema-only", url], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DrillError(f"pg_dump: {done.stderr[-300:]}")
    return [line for line in done.stdout.splitlines() if not line.startswith(_NOT_ALIKE)]
