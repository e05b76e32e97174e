"""docs/formats.md lists every code a reader can give, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import inventory.formats

PACKAGE = Path(inventory.formats.__file__).parent
REFUSED_LATER = [PACKAGE.parent / "ingest" / "lists.py"]
"""What a reader cannot know: whether the upload's parameters name the list."""
PAGE = PACKAGE.parents[1] / "docs" / "formats.md"
GIVERS = {"FormatError", "RecordDefect", "ReadWarning", "add", "_reject", "reject", "_refusal", "defect"}


def texts(node: ast.AST) -> Iterator[str]:
    """The strings an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def given_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in GIVERS:
            yield from texts(node.args[0])
        elif isinstance(node, ast.keyword) and node.arg == "problem" and isinstance(node.value, ast.Tuple):
            yield from texts(node.value.elts[0])
        elif isinstance(node, ast.Assign) and _name(node.targets[0]) == "code":
            yield from texts(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name == "string_defect":
            yield from (text for inner in ast.walk(node) if isinstance(inner, ast.Return) for text in _returned(inner))


def _returned(node: ast.Return) -> Iterator[str]:
    return texts(node.value) if node.value is not None else iter(())


def _name(node: ast.AST) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def test_the_page_and_the_readers_name_the_same_codes() -> None:
    given = {code for path in [*PACKAGE.rglob("*.py"), *REFUSED_LATER] for code in given_in(path)}
    table = PAGE.read_text(encoding="utf-8").partition("## Codes")[2]

    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))

    assert documented == given
