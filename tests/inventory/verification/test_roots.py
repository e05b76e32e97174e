"""Roots of trust: one person loads the first version, two change it, and each change makes everything due."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from inventory.models import TrustRootVersion, trust_version
from inventory.trust.root_shape import BadRootShapeError, check_shape
from inventory.trust.roots import BadRootError, load_root
from inventory.verification.roots import (
    BadTrustRootError,
    TrustRootRefusedError,
    approve,
    load_first,
    propose,
    retire,
    withdraw,
)
from supplychain.access.actors import system_actor
from supplychain.access.models import AuditEvent, User
from supplychain.access.scopes import OrganisationRole
from tests.supplychain.actors import make_user
from tests.trust_lab import Lab
from tests.trusted import NOW

pytestmark = pytest.mark.django_db
FIRST, SECOND = Lab().trusted_root(), Lab().trusted_root()


def person(name: str, role: str = OrganisationRole.APPROVER.value) -> User:
    return make_user(name, organisation=role)


def counting() -> list[int]:
    counting = TrustRootVersion.objects.filter(active_from__isnull=False, retired_at__isnull=True)
    return sorted(counting.values_list("number", flat=True))


def test_an_operator_loads_the_first_version_alone_and_it_is_on_record(tmp_path: Path) -> None:
    path, out = tmp_path / "root.json", StringIO()
    path.write_bytes(FIRST)

    call_command("trust_root", "lab", str(path), stdout=out)
    call_command("trust_root", "lab", str(path), stdout=out)

    [version] = TrustRootVersion.objects.all()
    assert (bytes(version.data), version.number, counting()) == (FIRST, 1, [1])
    assert trust_version() > 0
    assert "is believed" in out.getvalue()
    [line] = AuditEvent.objects.filter(action="trust_root.loaded")
    assert (line.subject, line.actor) == ("lab/1", system_actor("trust_root").label)


def test_without_a_file_the_public_root_is_loaded() -> None:
    call_command("trust_root", "sigstore", stdout=StringIO())

    root = load_root(bytes(TrustRootVersion.objects.get().data))
    assert (len(root.authorities) > 0, len(root.logs) > 0) == (True, True)


def test_an_operator_alone_does_not_change_a_root() -> None:
    actor = system_actor("trust_root")
    load_first("lab", FIRST, actor=actor, at=NOW)

    with pytest.raises(TrustRootRefusedError):
        load_first("lab", SECOND, actor=actor, at=NOW)

    assert counting() == [1]


def test_two_people_change_a_root_and_the_old_version_goes_on_counting() -> None:
    load_first("lab", FIRST, actor=system_actor("trust_root"), at=NOW)
    before, ann, ben = trust_version(), person("ann"), person("ben")

    version = propose("lab", SECOND, user=ann, at=NOW)
    assert (version.number, counting(), trust_version()) == (2, [1], before)

    with pytest.raises(TrustRootRefusedError):
        approve(version, user=ann, at=NOW)
    approve(version, user=ben, at=NOW)
    assert (counting(), trust_version() > before) == ([1, 2], True)
    with pytest.raises(TrustRootRefusedError):
        approve(version, user=ben, at=NOW)


def test_a_file_that_is_a_version_already_is_not_proposed_again() -> None:
    load_first("lab", FIRST, actor=system_actor("trust_root"), at=NOW)

    with pytest.raises(TrustRootRefusedError):
        propose("lab", FIRST, user=person("ann"), at=NOW)


def test_a_proposal_is_withdrawn_by_its_proposer_and_the_same_file_proposed_again() -> None:
    load_first("lab", FIRST, actor=system_actor("trust_root"), at=NOW)
    ann, ben, before = person("ann"), person("ben"), trust_version()
    proposed = propose("lab", SECOND, user=ann, at=NOW)

    withdraw(proposed, user=ann, at=NOW)

    assert (proposed.state, counting(), trust_version()) == ("withdrawn", [1], before)
    for decide in (approve, withdraw, retire):
        with pytest.raises(TrustRootRefusedError):
            decide(proposed, user=ben, at=NOW)
    again = propose("lab", SECOND, user=ann, at=NOW)
    approve(again, user=ben, at=NOW)
    assert (again.number, counting()) == (3, [1, 3])


def test_what_counts_is_not_withdrawn_by_the_database_s_own_rule() -> None:
    version = load_first("lab", FIRST, actor=system_actor("trust_root"), at=NOW)

    with pytest.raises(TrustRootRefusedError):
        withdraw(version, user=person("ann"), at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        TrustRootVersion.objects.update(withdrawn_at=NOW)


def test_one_person_retires_a_version_and_only_one_that_counts() -> None:
    version = load_first("lab", FIRST, actor=system_actor("trust_root"), at=NOW)
    before = trust_version()

    retire(version, user=person("ann"), at=NOW)

    assert (counting(), trust_version() > before) == ([], True)
    with pytest.raises(TrustRootRefusedError):
        retire(version, user=person("ben"), at=NOW)


@pytest.mark.parametrize("role", [OrganisationRole.RESPONDER.value, OrganisationRole.NONE.value])
def test_who_has_no_right_decides_nothing(role: str) -> None:
    version = load_first("lab", FIRST, actor=system_actor("trust_root"), at=NOW)
    stranger = person("stranger", role)

    with pytest.raises(TrustRootRefusedError):
        propose("lab", SECOND, user=stranger, at=NOW)
    proposed = propose("lab", SECOND, user=person("ann"), at=NOW)
    with pytest.raises(TrustRootRefusedError):
        approve(proposed, user=stranger, at=NOW)
    with pytest.raises(TrustRootRefusedError):
        retire(version, user=stranger, at=NOW)


def test_the_database_refuses_that_one_person_proposes_and_approves() -> None:
    ann = person("ann")
    version = propose("lab", FIRST, user=ann, at=NOW)

    with pytest.raises(IntegrityError, match="two_people"):
        TrustRootVersion.objects.filter(pk=version.pk).update(approved_by=ann, active_from=NOW)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b'{"mediaType": "text/plain"}',
        b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
        Lab().trusted_root(certificateAuthorities=[{}]),
        Lab().trusted_root(certificateAuthorities="x"),
        Lab().trusted_root(tlogs=[{}]),
    ],
)  # fmt: skip
def test_what_is_no_root_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadRootShapeError):
        check_shape(data)
    with pytest.raises(BadTrustRootError):
        propose("lab", data, user=person("ann"), at=NOW)
    path = tmp_path / "root.json"
    path.write_bytes(data)
    with pytest.raises(CommandError):
        call_command("trust_root", "lab", str(path))
    assert not TrustRootVersion.objects.exists()


def test_a_root_that_is_too_large_is_refused() -> None:
    with pytest.raises(BadTrustRootError):
        propose("lab", b" " * (1024 * 1024 + 1), user=person("ann"), at=NOW)


def test_good_roots_have_a_good_shape() -> None:
    check_shape(FIRST)
    check_shape(Lab().trusted_root(tlogs=[], ctlogs=[]))


@pytest.mark.parametrize("part", ["certificateAuthorities", "tlogs"])
def test_a_root_whose_times_are_at_no_offset_is_none(part: str) -> None:
    """Compared with the time of a signature they would stop the verifier, not this root alone."""
    bare = {"start": "2026-01-01T00:00:00"}
    [found] = json.loads(FIRST)[part]
    key = (
        {"validFor": bare}
        if part == "certificateAuthorities"
        else {"publicKey": {**found["publicKey"], "validFor": bare}}
    )

    with pytest.raises(BadRootError, match="offset"):
        load_root(Lab().trusted_root(**{part: [{**found, **key}]}))
