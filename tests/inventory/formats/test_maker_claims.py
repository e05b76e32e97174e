"""Who made or published components, as their documents say: accounts and mail addresses, and nobody's plain name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.formats.maker_claims import of_raw, of_text
from inventory.formats.read import read_document
from inventory.formats.records import SbomRecord
from inventory.formats.source_claims import ACCOUNT, SourceClaim
from tests.factories import cyclonedx
from tests.inventory.formats.test_source_claims import can_be_kept


def accounts(value: Any) -> list[str]:
    return [claim.value for claim in of_raw(json.dumps(value).encode()) if claim.kind == ACCOUNT]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("right9ctrl", ["right9ctrl"]),
        ("Isaac Z. Schlueter <i@izs.me> (http://blog.izs.me)", ["i@izs.me"]),
        ("Sindre <s@mail.example> (https://github.com/sindresorhus)", ["s@mail.example", "sindresorhus", "sindre"]),
        ({"name": "Acme Inc.", "url": ["https://acme.example"], "contact": [{"email": "sec@acme.example"}]},
         ["sec@acme.example"]),
        ([{"name": "mallory"}, "eve", 7, None], ["mallory", "eve"]),
        ("NOASSERTION", []), ("", []), (7, []), (None, []), ({"name": 7}, []),
    ],
)  # fmt: skip
def test_an_account_is_a_name_without_blanks_a_mail_address_or_a_page_of_a_forge(value: Any, expected: list[str]):
    assert accounts(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Person: Jane Doe (jane@example.com)", ["jane@example.com"]),
        ("Organization: acme", ["acme"]),
        ("NOASSERTION", []),
        ("Organization: Acme Inc.", []),
    ],
)
def test_spdx_names_them_by_their_kind(text: str, expected: list[str]):
    assert [claim.value for claim in of_text(text)] == expected


def test_a_component_claims_eight_of_one_field_at_most():
    assert len(accounts([{"name": f"maker-{number}"} for number in range(50)])) == 8


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes):
    assert all(map(can_be_kept, of_raw(data)))


@given(st.text(max_size=200))
def test_any_text_is_read(text: str):
    claims = (*of_text(text), *of_raw(json.dumps({"name": text, "contact": [text]}).encode()))
    assert all(map(can_be_kept, claims))


def test_documents_hand_them_on_with_their_components():
    part = {"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1", "publisher": "mallory"}
    record = read_document(cyclonedx(part, "pkg:npm/b@1"))
    assert isinstance(record, SbomRecord)
    assert [one.sources for one in record.components] == [(SourceClaim(ACCOUNT, "mallory"),), ()]

    package = {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "downloadLocation": "NOASSERTION",
               "supplier": "Organization: acme", "originator": "Person: Jane (jane@example.com)"}  # fmt: skip
    spdx = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": [package],
            "documentNamespace": "https://example.com/x", "documentDescribes": ["SPDXRef-a"]}  # fmt: skip
    record = read_document(json.dumps(spdx).encode())
    assert isinstance(record, SbomRecord)
    assert [claim.value for claim in record.components[0].sources] == ["acme", "jane@example.com", "jane"]


def test_what_cannot_be_read_of_a_component_takes_no_claim_away():
    part = {"type": "library", "name": "a", "version": 7, "purl": "pkg:npm/a@1", "publisher": "mallory",
            "externalReferences": [{"type": "vcs", "url": "https://github.com/acme/web"}]}  # fmt: skip

    record = read_document(cyclonedx(part))

    assert isinstance(record, SbomRecord)
    assert [claim.value for claim in record.components[0].sources] == ["github.com/acme/web", "mallory"]
