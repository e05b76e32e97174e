"""Pages of the roots of trust and of compromises: looked at by many, changed by two people, declared by one."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inventory.models import Compromise, TrustRootVersion, trust_version
from inventory.verification.roots import load_first
from supplychain.access.actors import system_actor
from tests.supplychain.actors import AT, make_user, signed_in
from tests.trust_lab import Lab

pytestmark = pytest.mark.django_db

FORM = {
    "kind": "builder", "value": "https://ci.example/<runner>", "since": "2026-03-01T10:00",
    "reason": "its image was replaced",
}  # fmt: skip


@pytest.fixture
def anna() -> Client:
    return signed_in(make_user("anna", organisation="approver"))


@pytest.fixture
def ben() -> Client:
    return signed_in(make_user("ben", organisation="approver"))


@pytest.fixture
def rita() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


@pytest.fixture
def viewer() -> Client:
    return signed_in(make_user("vera", team="shop"))


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def propose(client: Client, data: bytes, *, name: str = "lab") -> int:
    file = SimpleUploadedFile("trusted_root.json", data)
    return client.post("/roots/propose", {"name": name, "file": file}).status_code


def test_a_version_is_proposed_compared_and_approved_by_somebody_else(anna: Client, ben: Client) -> None:
    first, second = Lab(), Lab()
    load_first("lab", first.trusted_root(), actor=system_actor("test"), at=AT)
    before = trust_version()

    assert propose(anna, second.trusted_root(certificateAuthorities=[])) == 303

    assert "You proposed it" in page(anna, "/roots/lab/2")
    assert "Approve" not in page(anna, "/roots/lab/2").replace("Approved", "")
    assert "by this version alone" in page(ben, "/roots/lab/2")
    assert anna.post("/roots/lab/2/approve").status_code == 409
    assert trust_version() == before
    assert ben.post("/roots/lab/2/approve").status_code == 303
    assert trust_version() > before
    assert [one.state for one in TrustRootVersion.objects.order_by("number")] == ["active", "active"]
    assert ben.post("/roots/lab/1/retire").status_code == 303
    assert "Retired" in page(ben, "/roots")


def test_a_proposal_is_withdrawn_on_its_page(anna: Client) -> None:
    lab = Lab()
    load_first("lab", lab.trusted_root(), actor=system_actor("test"), at=AT)
    propose(anna, lab.trusted_root(ctlogs=[]))

    assert anna.post("/roots/lab/2/withdraw").status_code == 303

    assert "Withdrawn" in page(anna, "/roots/lab/2")
    assert "Withdraw the proposal" not in page(anna, "/roots/lab/2")
    assert anna.post("/roots/lab/2/withdraw").status_code == 409


def test_what_both_versions_believe_is_not_marked(anna: Client) -> None:
    lab = Lab()
    load_first("lab", lab.trusted_root(), actor=system_actor("test"), at=AT)
    propose(anna, lab.trusted_root(ctlogs=[]))

    shown = page(anna, "/roots/lab/2")

    assert "by others too" in shown
    assert "by this version alone" not in shown


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"x" * (1024 * 1024 + 1)])
def test_a_file_that_is_no_root_is_refused(anna: Client, data: bytes) -> None:
    assert propose(anna, data) == 422
    assert not TrustRootVersion.objects.exists()


@pytest.mark.parametrize("name", ["", "two words", "a/b", "x" * 65])
def test_a_root_needs_a_name_that_its_address_can_hold(anna: Client, name: str) -> None:
    assert propose(anna, Lab().trusted_root(), name=name) in {400, 422}
    assert not TrustRootVersion.objects.exists()


def test_who_only_reads_is_shown_no_form_and_may_change_nothing(rita: Client, viewer: Client) -> None:
    load_first("lab", Lab().trusted_root(), actor=system_actor("test"), at=AT)

    for client in (rita, viewer):
        assert "Propose a version" not in page(client, "/roots")
        assert "Retire:" not in page(client, "/roots/lab/1")
        assert propose(client, Lab().trusted_root()) == 403
        assert client.post("/roots/lab/1/retire").status_code == 403
    assert "Declare a compromise" not in page(viewer, "/compromises")
    assert viewer.post("/compromises", FORM).status_code == 403


def test_a_version_that_is_none_is_not_found(anna: Client) -> None:
    assert anna.get("/roots/lab/7").status_code == 404
    assert anna.post("/roots/lab/7/approve").status_code == 404


def test_a_compromise_is_declared_by_one_and_lifted_by_two(rita: Client, ben: Client) -> None:
    assert rita.post("/compromises", FORM).status_code == 303
    found = Compromise.objects.get()
    assert (found.since.isoformat(), found.until) == ("2026-03-01T10:00:00+00:00", None)
    assert "https://ci.example/&lt;runner&gt;" in page(ben, "/compromises")

    address = f"/compromises/{found.public_id}/lift"
    assert rita.post(address).status_code == 303
    assert "You asked for its end" in page(rita, "/compromises")
    assert "Agree to its end" in page(ben, "/compromises")
    assert rita.post(address).status_code == 409
    assert ben.post(address).status_code == 303

    found.refresh_from_db()
    assert [getattr(one, "username", None) for one in (found.lift_proposed_by, found.lifted_by)] == ["rita", "ben"]
    assert "Lifted" in page(ben, "/compromises")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "house"}, {"since": ""}, {"since": "yesterday"}, {"value": " "}, {"reason": ""},
        {"until": "2026-02-01T10:00"},
    ],
)  # fmt: skip
def test_what_cannot_be_a_compromise_is_refused_and_changes_nothing(rita: Client, change: dict[str, str]) -> None:
    assert rita.post("/compromises", FORM | change).status_code == 400
    assert not Compromise.objects.exists()
