"""What must hold in every template, whoever writes it."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

TEMPLATES = settings.BASE_DIR / "templates"
STATIC = settings.BASE_DIR / "static"
FILES = sorted(TEMPLATES.rglob("*.html"))


def relative(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_template_compiles(path):
    engines["django"].get_template(relative(path))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_nothing_is_inline_that_the_content_policy_would_refuse(path):
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", text)
    assert not re.search(r"\bhx-(on|vals=[\"']js)", text)


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_every_icon_is_in_the_sprite(path):
    drawn = {line.split("#")[0].strip() for line in (STATIC / "icons.txt").read_text().splitlines()}

    assert set(re.findall(r"{%\s*icon\s+\"([^\"]+)\"", path.read_text(encoding="utf-8"))) <= drawn


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_nothing_is_loaded_from_elsewhere(path):
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_forms_that_post_carry_a_token(path):
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", path.read_text(encoding="utf-8"), re.DOTALL):
        assert "csrf_token" in form


def test_safe_is_never_said_in_a_template():
    assert [relative(path) for path in FILES if "|safe" in path.read_text(encoding="utf-8")] == []
