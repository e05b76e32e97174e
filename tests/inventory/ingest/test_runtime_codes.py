"""docs/runtime.md lists every code that applying a report can give, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import inventory

PACKAGE = Path(inventory.__file__).parent
MODULES = ("ingest/runtime.py", "ingest/sightings.py", "ingest/places.py", "ingest/absence.py", "intake/clusters.py")
GIVERS = {"FormatError", "ReadWarning", "__init__"}


def given_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in GIVERS:
                yield str(node.args[0].value)


def test_every_code_is_documented():
    page = (PACKAGE.parent / "docs" / "runtime.md").read_text(encoding="utf-8")
    # The table after this one is of the routes that describe clusters, which apply no report.
    table = page.partition("## Codes")[2].partition("\n|")[2].partition("\n\n")[0]
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", table, flags=re.MULTILINE))

    assert {code for module in MODULES for code in given_in(PACKAGE / module)} == documented
