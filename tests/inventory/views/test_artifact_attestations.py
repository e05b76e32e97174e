"""The artifact's page shows claims as claims."""

import pytest

from tests.attested import bundle, encode, statement
from tests.factories import digest, submit

pytestmark = pytest.mark.django_db

IMAGE = digest("image")


def page(client) -> str:
    answer = client.get(f"/artifacts/{IMAGE}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_signed_claim_is_shown_as_not_verified(member):
    submit("team-a", encode(bundle(statement(IMAGE))))

    html = page(member)

    assert "github.com/shop/api" in html
    assert "1 signature, 1 log entry: not verified" in html


def test_a_bare_statement_is_shown_as_unsigned(member):
    submit("team-a", encode(statement(IMAGE)))

    assert "unsigned: its sender's claim" in page(member)


def test_without_any_the_page_says_what_is_missing(member):
    submit("team-a", encode(statement(IMAGE)), name="registry.example/shop:1")
    submit("team-b", encode(bundle(statement(IMAGE))))

    html = page(member)

    assert html.count("log entry") == 0
    assert "who built it, and from what, nobody says" not in html


def test_text_of_a_document_is_escaped(member):
    predicate = {"builder": {"id": "<script>alert(1)</script>"}}
    submit("team-a", encode(statement(IMAGE, predicate={"runDetails": predicate})))

    html = page(member)
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
