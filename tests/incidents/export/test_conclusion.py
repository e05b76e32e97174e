"""The conclusion as OpenVEX: what replaced it is `fixed` while its service is proven recovered, and then alone."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from incidents.recovery.stamping import stamp_all
from inventory.formats.read import read_document
from inventory.formats.records import VexRecord
from tests.incidents.export.test_pack import checked, taken, unpacked
from tests.incidents.opened import opened
from tests.incidents.recovery.test_recovery import BAD, NEW, OLD, built, describe, recover, run
from tests.supplychain.actors import make_user, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def responder() -> Client:
    describe(OLD, BAD)
    built(OLD, at=timezone.now() - timedelta(days=1))
    run(OLD)
    return signed_in(make_user("rita", organisation="responder"))


@pytest.fixture
def incident(responder: Client) -> str:
    """An incident whose service is proven recovered."""
    address = opened(responder)
    recover(responder, address)
    return address


def concluded(client: Client, incident: str, folder: Path) -> dict[str, set[str]]:
    """Return what the pack states: the products of each status."""
    data = (unpacked(taken(client, incident.strip("/")), folder) / "vex/openvex.json").read_bytes()
    record = read_document(data)
    assert isinstance(record, VexRecord)
    assert {one.status.value for one in record.statements} == {one["status"] for one in json.loads(data)["statements"]}
    return {one.status.value: {str(product.digest) for product in one.products} for one in record.statements}


def test_what_replaced_it_is_fixed_once_its_service_is_proven_recovered(
    responder: Client, incident: str, tmp_path: Path
):
    assert concluded(responder, incident, tmp_path / "before") == {"affected": {OLD}}

    assert stamp_all(timezone.now()) == 1

    assert concluded(responder, incident, tmp_path / "after") == {"affected": {OLD}, "fixed": {NEW}}


def test_a_fix_says_whose_service_and_names_no_component(responder: Client, incident: str, tmp_path: Path):
    stamp_all(timezone.now())

    data = (unpacked(taken(responder, incident.strip("/")), tmp_path) / "vex/openvex.json").read_bytes()

    (fixed,) = [one for one in json.loads(data)["statements"] if one["status"] == "fixed"]
    assert fixed["status_notes"] == "Replaces what was affected in checkout, which is proven recovered."
    assert fixed["products"] == [{"@id": NEW, "hashes": {"sha-256": NEW.removeprefix("sha256:")}}]
    assert "action_statement" not in fixed


def test_the_documents_that_prove_the_recovery_are_in_the_pack(responder: Client, incident: str, tmp_path: Path):
    folder = unpacked(taken(responder, incident.strip("/")), tmp_path)

    entries = json.loads((folder / "evidence/index.json").read_text())
    proving = {tuple(one["proves"]): one for one in entries if one["proves"]}
    assert set(proving) == {
        ("shop/checkout: sbom_clean",),
        ("shop/checkout: provenance_verified", "shop/checkout: signed"),
        ("shop/checkout: replaced_everywhere",),
    }
    assert {one["kind"] for one in proving.values()} == {"sbom", "attestation", "deployment"}
    for one in proving.values():
        assert f"sha256:{hashlib.sha256((folder / one['file']).read_bytes()).hexdigest()}" == one["digest"]
    assert checked(folder) == (0, "All files are what they say.\n")


def test_what_a_service_lost_again_is_fixed_no_more(responder: Client, incident: str, tmp_path: Path):
    stamp_all(timezone.now())
    run(OLD)

    assert stamp_all(timezone.now()) == 1

    assert concluded(responder, incident, tmp_path) == {"affected": {OLD}}
