"""What a receipt says of a document that was held to no schema: there is none, or it was too much for it."""

from __future__ import annotations

import pytest

from inventory.models import EvidenceState
from tests.factories import submit
from tests.inventory.formats.documents import component, cyclonedx, encode
from tests.inventory.formats.every_format import SAMPLES
from tests.inventory.formats.xml_writer import cyclonedx_xml

pytestmark = pytest.mark.django_db

READ_ALL_THE_SAME = "What it lists is read all the same."


def told(data: bytes) -> list[str]:
    """What the receipt says of the schema, when it has no verdict of it."""
    state = EvidenceState.objects.get(evidence=submit("shop", data, name="api"))
    assert state.counts["components"] == 1
    found = [warning for warning in state.warnings if warning["code"] == "schema_not_checked"]
    assert (state.schema_valid is None) is bool(found)
    assert {warning["pointer"] for warning in found} <= {""}
    return [warning["message"] for warning in found]


def test_a_format_without_a_schema_says_so() -> None:
    assert told(SAMPLES["syft-json"].data) == [f"There is no schema at hand to hold it to. {READ_ALL_THE_SAME}"]


def test_a_document_too_large_for_its_schema_names_the_sizes() -> None:
    properties = [{"name": "a", "value": "b"}] * 20_001
    (message,) = told(cyclonedx_xml(cyclonedx(component("a", properties=properties))))

    assert message.startswith("It is too large or too deep to be held to its schema (32 MiB, 30,000 components; XML: ")
    assert "20,000 elements" in message
    assert message.endswith(READ_ALL_THE_SAME)


def test_a_document_that_was_held_to_its_schema_says_neither() -> None:
    assert told(encode(cyclonedx(component("a")))) == []
