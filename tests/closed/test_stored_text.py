"""Stored text stays text: on every page, in every fragment, in CSV, JSON and XML, and in a real browser."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from inventory.models import Evidence
from tests.closed.hostile import FORMULAS, NEXT, PAYLOADS, SHOP, TEAM, hostile_estate
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
QUESTION = "\n".join((SHOP, *(f"pkg:npm/x{number}" for number in range(len(PAYLOADS))), *PAYLOADS))


class Markup(HTMLParser):
    """What a browser would act on: scripts, handlers, addresses, and where forms go."""

    def __init__(self) -> None:
        super().__init__()
        self.dangers: list[str] = []
        self.tag_count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag_count += 1
        given = {name: value or "" for name, value in attrs}
        handlers = [name for name in given if name.startswith("on") or name in {"style", "srcdoc"}]
        if handlers or tag in {"iframe", "object", "embed", "base", "style", "math", "frame"}:
            self.dangers.append(f"<{tag} {handlers}>")
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.dangers.append(f"script {given}")
        if tag == "meta" and "http-equiv" in given:
            self.dangers.append(f"meta {given}")
        for name in ("href", "src", "action", "formaction", "hx-get", "hx-post", "xlink:href"):
            if not _leads_here(given.get(name, "/")):
                self.dangers.append(f"{tag} {name}={given[name]}")


def _leads_here(address: str) -> bool:
    return address.startswith(("/", "#", "?")) and not address.startswith(("//", "/\\"))


def pages() -> list[str]:
    found = ["/", "/search", "/artifacts", "/packages", "/workloads", "/clusters", "/clusters/hostile", "/evidence"]
    found += [f"/artifacts/{SHOP}", f"/artifacts/{SHOP}/components", f"/artifacts/{SHOP}/diff?with={NEXT}"]
    found += [f"/evidence/{row.public_id}" for row in Evidence.objects.all()[:8]]
    found += [f"/impact?{urlencode({'q': QUESTION[:3_000]})}", "/packages/pkg:npm/x1", "/ops", "/settings/security"]
    for text in PAYLOADS[:6]:
        found += [f"/{page}?q={quote(text)}" for page in ("search", "packages", "artifacts", "impact")]
        found += [
            f"/workloads?service={quote(text)}",
            f"/packages/{quote(text, safe='')}",
            f"/sign-in?next={quote(text)}",
        ]
    return found


@pytest.fixture
def reader() -> Client:
    hostile_estate()
    return signed_in(make_user("rita", organisation="responder"))


def test_no_page_takes_stored_text_for_markup(reader: Client):
    dangers: dict[str, list[str]] = {}
    for headers in ({}, {"HX-Request": "true"}):
        for path in pages():
            answer = reader.get(path, headers=headers)
            assert answer.status_code < 500, path
            markup = Markup()
            markup.feed(answer.getvalue().decode())
            if markup.dangers:
                dangers[f"{path} {headers}"] = markup.dangers

    assert dangers == {}


def test_the_payloads_are_on_the_pages(reader: Client):
    shown = "".join(reader.get(path).getvalue().decode() for path in pages())

    assert "<script>alert(1)</script>" not in shown
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5
    assert shown.count("onerror=alert(3)&gt;") >= 5


def test_no_cell_of_an_export_is_a_formula(reader: Client):
    answer = client_of(new_key("incidents:read", team=TEAM)).post(
        "/api/v1/impact", {"text": SHOP}, content_type="application/json", headers={"Accept": "text/csv"}
    )
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))

    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.startswith(STARTS_OF_FORMULAS)] == []
    assert {f"'{text}" for text in FORMULAS if text == text.strip()} <= set(cells)
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("path", ["artifacts", f"artifacts/{SHOP}", "evidence", "workloads", "packages", "clusters"])
def test_json_is_sent_as_json_and_never_sniffed(reader: Client, path: str):
    answer = client_of(new_key("inventory:read", team=TEAM)).get(f"/api/v1/{path}")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/json")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_raw_bytes_are_a_download_under_a_name_of_ours(reader: Client):
    evidence = Evidence.objects.filter(filename=PAYLOADS[0]).latest("id")
    answer = client_of(new_key("inventory:read", team=TEAM)).get(f"/api/v1/evidence/{evidence.public_id}/raw")

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="{evidence.public_id}"'
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("form", ["cyclonedx-json", "cyclonedx-xml"])
def test_a_merged_sbom_holds_the_text_as_text(reader: Client, form: str):
    answer = client_of(new_key("inventory:read", team=TEAM)).get(f"/api/v1/artifacts/{SHOP}/sbom?format={form}")

    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    names = _names(b"".join(answer), media_type=answer["Content-Type"])
    assert PAYLOADS[0] in names
    assert PAYLOADS[5] in names


def _names(document: bytes, *, media_type: str) -> set[str]:
    if media_type.startswith("application/vnd.cyclonedx+json"):
        return {component["name"] for component in json.loads(document)["components"]}
    root = ET.fromstring(document)
    return {str(element.text) for element in root.iter() if element.tag.endswith("}name")}
