"""Each code that a verification can come to has its meaning on pages; the documentation lists the codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from inventory.models import Attestation, Verdict
from inventory.views.meanings import MEANINGS, STEPS, meaning_of
from tests.attested import bundle, encode, provenance, statement
from tests.factories import digest, submit
from tests.judgements import judge

DOCUMENT = Path(__file__).parents[3] / "docs" / "verification.md"
STEP = re.compile(r"^\| \d+ \| .*? \| (?P<codes>`.*`) \|$", re.MULTILINE)


def documented() -> set[str]:
    return {code for row in STEP.finditer(DOCUMENT.read_text()) for code in re.findall(r"`([a-z_]+)`", row["codes"])}


def test_every_documented_code_has_a_meaning() -> None:
    assert len(documented()) > 50
    assert documented() <= set(MEANINGS)


def test_every_step_is_told_in_words() -> None:
    assert len(STEP.findall(DOCUMENT.read_text())) == len(STEPS)


def test_meanings_are_sentences_and_a_new_code_is_written_as_it_is() -> None:
    assert all(text[0].isupper() and text.endswith(".") for text in MEANINGS.values())
    assert meaning_of("never_heard_of") == "never heard of"


@pytest.mark.django_db
def test_the_page_of_a_document_tells_why_its_signature_is_judged_so(member: Client) -> None:
    evidence = submit("team-a", encode(bundle(statement(digest("app"), predicate=provenance()))))
    page = f"/evidence/{evidence.public_id}"
    assert "nobody has looked at that yet" in member.get(page).content.decode()

    judge(
        Attestation.objects.get(),
        Verdict.VERIFIED_UNEXPECTED,
        reasons=[["unexpected_repository", "github.com/acme/shop", "github.com/mallory/shop"]],
    )

    html = member.get(page).content.decode()
    assert "Built from another repository than its signer is expected to build." in html
    assert "unexpected_repository" in html
    assert "github.com/mallory/shop" in html
