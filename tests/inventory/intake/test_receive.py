"""What a 202 promises: bytes, row and audit line together; one row for one document of one team; never changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection

from inventory.intake.body import BodyLimits, BodyRefusedError
from inventory.intake.receive import (
    OutsideBindingError,
    Parameters,
    Received,
    Submission,
    UploadParameterError,
    receive,
)
from inventory.models import Evidence, EvidenceBlob, EvidenceState, State
from inventory.store.blobs import read
from supplychain.access.actors import Actor
from supplychain.access.models import AuditEvent, Team
from tests.factories import START, deployment, digest, later

pytestmark = pytest.mark.django_db

LIMITS = BodyLimits(raw_bytes=10_000, inflated_bytes=10_000)
DOCUMENT = b'{"some": "document"}'
DATED = json.dumps([deployment(digest=digest("a"), observed_at="2026-03-01T12:00:00Z")]).encode()
UNDATED = json.dumps([deployment(digest=digest("a"))]).encode()
HALF_DATED = json.dumps([*json.loads(DATED), *json.loads(UNDATED)]).encode()
EVERY_PARAMETER: list[dict[str, Any]] = [
    {"kind": "sbom"},
    {"artifacts": (digest("a"),)},
    {"artifacts": (digest("a"), digest("b"))},
    {"name": "registry.example/app:1"},
    {"version": "1"},
    {"repository": "example/app"},
    {"commit": "c0ffee"},
    {"cluster": "prod"},
    {"environment": "production"},
]


def sent(
    data: bytes = DOCUMENT,
    *,
    team: str = "a",
    at: datetime = START,
    actor: Actor | None = None,
    **parameters: Any,
) -> Received:
    team_id = Team.objects.get_or_create(slug=team, defaults={"name": team})[0].pk
    return receive(
        Submission([data], parameters=Parameters(**parameters)),
        actor=actor or Actor(team_ids=frozenset({team_id}), label="test"),
        team_id=team_id,
        at=at,
        limits=LIMITS,
    )


def test_bytes_row_and_audit_line_are_stored_together() -> None:
    evidence = sent(filename="bom.json", name="app").evidence

    kept = Evidence.objects.select_related("blob", "state").get()
    assert kept.pk == evidence.pk
    assert read(kept.blob) == DOCUMENT
    assert (kept.state.state, kept.state.attempts, kept.state.queued_at) == (State.RECEIVED, 0, START)
    (line,) = AuditEvent.objects.filter(action="evidence.received")
    assert (line.sequence, line.subject) == (kept.audit_sequence, str(kept.public_id))
    assert json.loads(line.body)["details"] == {"digest": kept.blob_id, "size_bytes": len(DOCUMENT)}


def test_a_repeat_is_the_first_row_and_leaves_no_second_line() -> None:
    first, repeat = sent(), sent(at=later(5), filename="another name")

    assert (first.is_new, repeat.is_new) == (True, False)
    assert repeat.evidence.pk == first.evidence.pk
    assert (Evidence.objects.count(), AuditEvent.objects.count()) == (1, 1)


def test_every_parameter_but_the_file_name_makes_another_document() -> None:
    first = sent()
    others = [sent(**parameters) for parameters in EVERY_PARAMETER]
    repeats = [sent(**parameters, filename="x") for parameters in EVERY_PARAMETER]

    assert all(other.is_new for other in others)
    assert len({first.evidence.pk, *(other.evidence.pk for other in others)}) == len(EVERY_PARAMETER) + 1
    assert [repeat.evidence.pk for repeat in repeats] == [other.evidence.pk for other in others]
    assert EvidenceBlob.objects.count() == 1


def test_the_order_and_the_spelling_of_digests_make_no_difference() -> None:
    one, other = digest("a"), digest("b")

    first = sent(artifacts=(one, other))
    repeat = sent(artifacts=(other, one.upper().replace("SHA256", "sha256"), one))

    assert not repeat.is_new
    assert first.evidence.artifacts == sorted([one, other])


def test_two_teams_share_the_bytes_and_nothing_else() -> None:
    of_a, of_b = sent(team="a"), sent(team="b")

    assert of_b.is_new
    assert of_a.evidence.public_id != of_b.evidence.public_id
    assert of_a.evidence.blob_id == of_b.evidence.blob_id
    assert EvidenceBlob.objects.count() == 1


@pytest.mark.parametrize(("data", "is_repeat"), [(UNDATED, False), (HALF_DATED, False), (DATED, True)])
def test_a_report_is_new_each_time_unless_all_its_records_are_dated(data: bytes, is_repeat: bool) -> None:
    first, second = sent(data, kind="deployment"), sent(data, kind="deployment", at=later(1))

    assert second.is_new != is_repeat
    assert (second.evidence.pk == first.evidence.pk) == is_repeat
    assert EvidenceBlob.objects.count() == 1


def test_a_snapshot_of_other_namespaces_is_another_report() -> None:
    first = sent(DATED, kind="deployment", namespaces=("a",))

    assert sent(DATED, kind="deployment", namespaces=("b",)).is_new
    assert sent(DATED, kind="deployment", namespaces=("a",)).evidence.pk == first.evidence.pk


@pytest.mark.parametrize(
    ("binding", "parameter"),
    [
        ("kind_bindings", "kind"),
        ("cluster_bindings", "cluster"),
        ("repository_bindings", "repository"),
        ("environment_bindings", "environment"),
    ],
)
def test_a_bound_key_sends_nothing_that_claims_to_be_of_elsewhere(binding: str, parameter: str) -> None:
    bound: dict[str, Any] = {binding: frozenset({"sbom"})}
    inside: dict[str, Any] = {parameter: "sbom"}
    outside: dict[str, Any] = {parameter: "image"}
    actor = replace(Actor(team_ids=frozenset({1}), label="bound"), **bound)

    with pytest.raises(OutsideBindingError) as caught:
        sent(actor=actor, **outside)

    assert (caught.value.code, caught.value.status) == ("outside_binding", 403)
    assert Evidence.objects.count() == 0
    assert sent(actor=actor, **inside).is_new


@pytest.mark.parametrize(
    "parameters",
    [
        {"artifacts": ("sha256:12",)},
        {"artifacts": ("md5:" + "0" * 32,)},
        {"kind": "novel"},
        {"name": "n" * 1025},
        {"commit": "c" * 65},
        {"version": "nul\x00"},
    ],
)
def test_parameters_that_cannot_be_used_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(UploadParameterError) as caught:
        sent(**parameters)

    assert (caught.value.code, caught.value.status) == ("bad_parameter", 400)
    assert Evidence.objects.count() == EvidenceBlob.objects.count() == 0


def test_a_file_name_is_cut_and_never_refused() -> None:
    assert sent(filename="../\x00" + "x" * 400).evidence.filename == "../" + "x" * 252


def test_a_refused_body_leaves_nothing() -> None:
    with pytest.raises(BodyRefusedError):
        sent(b"x" * 10_001)

    assert Evidence.objects.count() == EvidenceBlob.objects.count() == AuditEvent.objects.count() == 0


@pytest.mark.parametrize("table", ["inventory_evidence", "inventory_evidenceblob"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET size_bytes = 1", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_was_received(table: str, sql: str) -> None:
    sent()

    EvidenceState.objects.all().delete()  # else its foreign key would refuse the deletion

    with connection.cursor() as cursor, pytest.raises(IntegrityError, match=r"insert-only|only change their place"):
        cursor.execute(sql.format(table))
