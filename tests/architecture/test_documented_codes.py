"""Every code an answer or a receipt can carry stands in docs/api.md, or in the pages of formats and runtime."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PLACES = (
    "inventory/api",
    "inventory/graph",
    "inventory/store",
    "inventory/retention",
    "inventory/ingest",
    "inventory/intake",
    "incidents",
    "supplychain",
)
PAGES = ("api.md", "formats.md", "runtime.md")
SILENT = ("/migrations/", "/management/", "supplychain/local/", "supplychain/env.py")
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
GIVERS = re.compile(r"\w*(Error|Warning|Denied|Failed|Problem|NotFound)|__init__|warn\w*|_quarantine|_rejected|_note")


def given_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = str(getattr(node.func, "attr", getattr(node.func, "id", "")))
        if not GIVERS.fullmatch(name):
            continue
        given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.fullmatch(value.value):
                yield value.value


def test_every_code_is_documented() -> None:
    files = [path for place in PLACES for path in (CHECKOUT / place).rglob("*.py")]
    given = {code for path in files if not any(part in path.as_posix() for part in SILENT) for code in given_in(path)}
    pages = "".join((CHECKOUT / "docs" / name).read_text(encoding="utf-8") for name in PAGES)
    documented = set(re.findall(r"`(\w+)`", pages))

    assert len(given) > 30, "the walk has lost its way"
    assert given - documented == set()
