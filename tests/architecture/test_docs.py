"""Docs say what is: links lead somewhere, every route and every model is named, no machine is."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DOCS = CHECKOUT / "docs"
PAGES = sorted([*CHECKOUT.glob("*.md"), *DOCS.rglob("*.md")])
SOURCES = [
    path
    for folder in ("supplychain", "inventory", "incidents", "templates", "tests")
    for path in sorted((CHECKOUT / folder).rglob("*"))
    if path.suffix in {".py", ".html"}
]
OURS = {"access", "inventory", "incidents"}

_LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NAMED_PAGE = re.compile(r"docs/[\w/.-]+\.md")
_NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)`")
# Written in parts, so that this file does not name them itself.
_MACHINE = re.compile(
    r"(?<![\w./-])/(?:" + "|".join(("wor" + "k", "op" + "t", "roo" + "t", "hom" + "e", "tm" + "p")) + r")/\w"
)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = _HEADING.findall(_CODE_BLOCK.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target, anchor in _LINK.findall(_CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))):
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            broken.append(f"{target}#{anchor}")
    return broken


def routes(resolver: URLResolver, prefix: str = "/") -> set[str]:
    """Return every path of the site, each parameter as `{}`."""
    found = set()
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            found.add(re.sub(r"<[^>]+>", "{}", route))
        else:
            found |= routes(entry, route)
    return found


def named_paths(page: Path) -> set[str]:
    """Return the paths that a page names in code spans, each parameter as `{}`."""
    spans = re.findall(r"`(?:(?:GET|POST|PUT|PATCH|DELETE) )?(/[^`\s?]*)", page.read_text(encoding="utf-8"))
    return {re.sub(r"\{[^}]+\}", "{}", span) for span in spans}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page):
    assert broken_links(page) == []


def test_every_page_is_in_the_index():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.glob("*.md")} - {"README.md"}

    assert {page for page in pages if f"]({page})" not in index} == set()


def test_every_decision_is_in_its_index():
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in (DOCS / "adr").glob("[0-9]*.md") if f"({page.name})" not in index] == []


def test_every_route_is_named_in_the_api_page():
    assert routes(get_resolver()) - named_paths(DOCS / "api.md") == set()


def test_the_api_page_names_no_route_that_is_not_there():
    documented = {path for path in named_paths(DOCS / "api.md") if path.startswith("/api/") and path != "/api/v1"}

    assert documented - routes(get_resolver()) == set()


def test_every_model_is_named_where_words_are_explained():
    text = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("architecture.md", "glossary.md"))
    models = {model.__name__ for model in apps.get_models() if model._meta.app_label in OURS}

    assert {name for name in models if f"`{name}`" not in text} == set()


def test_code_names_no_page_that_is_not_there():
    named = {
        (str(path.relative_to(CHECKOUT)), page)
        for path in [*SOURCES, CHECKOUT / "pyproject.toml"]
        for page in _NAMED_PAGE.findall(path.read_text(encoding="utf-8"))
    }

    assert {(source, page) for source, page in named if not (CHECKOUT / page).exists()} == set()


def test_docs_name_no_test_that_is_not_there():
    named = {test for page in PAGES for test in _NAMED_TEST.findall(page.read_text(encoding="utf-8"))}

    assert {test for test in named if not (CHECKOUT / test).exists()} == set()


def test_docs_name_no_folder_of_a_machine():
    assert [page.name for page in PAGES if _MACHINE.search(page.read_text(encoding="utf-8"))] == []
