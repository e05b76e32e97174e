"""No template, script or message says that somebody is safe: a wrong "all clear" is the worst fault there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wording import wordings_of_safety

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
SCRIPTS = sorted((ROOT / "static").glob("*.js"))
MODULES = [path for app in ("supplychain", "inventory", "incidents") for path in sorted((ROOT / app).rglob("*.py"))]
OF_DOCUMENTS = (ROOT / "inventory" / "formats", ROOT / "inventory" / "identity")
"""Readers know the words of VEX and of its rules."""


def messages(module: Path) -> Iterator[str]:
    """Yield the texts of a module that may reach a reader: all but its docstrings and what stands alone as one."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.value


def test_no_template_or_script_says_that_somebody_is_safe():
    found = {str(path.relative_to(ROOT)): wordings_of_safety(path.read_text("utf-8")) for path in TEMPLATES + SCRIPTS}

    assert {path: texts for path, texts in found.items() if texts} == {}


def test_no_message_says_that_somebody_is_safe():
    found = {
        str(path.relative_to(ROOT)): texts
        for path in MODULES
        if not any(path.is_relative_to(folder) for folder in OF_DOCUMENTS)
        and (texts := [said for text in messages(path) for said in wordings_of_safety(text)])
    }

    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "All clear.",
        "Your services are not affected",
        "<p>Nothing is <strong>affected</strong>.</p>",
        "No artifact is affected",
        "You are safe",
        "checkout is unaffected",
        "No impact found",
        "We aren&#x27;t vulnerable",
        "No action needed",
    ],
)
def test_a_text_that_says_so_is_found(text: str):
    assert wordings_of_safety(text)


@pytest.mark.parametrize(
    "text",
    [
        "<strong>Nothing known matched.</strong> That is not the same as not affected: see what is not known.",
        "No known artifact matches",
        "not_affected; says Acme Security",
        "12 artifacts affected, 3 running",
    ],
)
def test_what_says_only_what_is_known_is_not(text: str):
    assert not wordings_of_safety(text)
