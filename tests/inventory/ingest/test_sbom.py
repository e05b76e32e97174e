"""What an SBOM leaves behind: subjects, names, hashes, CPEs, memberships, source packages; at a fixed cost."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection, connections

from inventory.ingest import upsert
from inventory.ingest.process import process_next
from inventory.models import (
    ArtifactAlias,
    ArtifactName,
    Component,
    ComponentCpe,
    ComponentHash,
    Evidence,
    EvidenceState,
    IndexMember,
    Snapshot,
    SnapshotSubject,
    State,
)
from tests.factories import (
    apply_waiting,
    cyclonedx,
    digest,
    digest_of,
    image_index,
    image_manifest,
    store,
    submit,
)
from tests.inventory.formats.fixtures import raw

APP, ARM, CONFIG, OTHER = (digest(name) for name in ("app", "arm", "config", "other"))
LEFT = "pkg:npm/left@1"


def subjects(evidence: Evidence) -> list[tuple[str | None, str, int]]:
    rows = SnapshotSubject.objects.filter(snapshot__evidence=evidence).order_by("source", "artifact__digest")
    return list(rows.values_list("artifact__digest", "source", "confidence"))


def warned(evidence: Evidence) -> list[str]:
    return [warning["code"] for warning in EvidenceState.objects.get(pk=evidence.pk).warnings]


def error_of(evidence: Evidence) -> dict[str, Any] | None:
    return EvidenceState.objects.get(pk=evidence.pk).error


@pytest.mark.django_db
def test_the_digest_of_the_document_is_its_subject() -> None:
    evidence = submit("a", cyclonedx(LEFT, subject=APP))

    assert subjects(evidence) == [(APP, "document", 90)]
    assert EvidenceState.objects.get(pk=evidence.pk).subjects == [APP]


@pytest.mark.django_db
def test_the_digest_of_the_request_is_the_subject_where_the_document_has_none() -> None:
    evidence = submit("a", cyclonedx(LEFT), artifacts=[APP])

    assert subjects(evidence) == [(APP, "parameter", 90)]
    assert "subject_mismatch" not in warned(evidence)


@pytest.mark.django_db
def test_the_same_digest_in_both_is_one_subject() -> None:
    evidence = submit("a", cyclonedx(LEFT, subject=APP), artifacts=[APP])

    assert subjects(evidence) == [(APP, "document", 90)]
    assert "subject_mismatch" not in warned(evidence)


@pytest.mark.django_db
def test_two_digests_that_nothing_relates_are_both_kept_with_a_warning() -> None:
    evidence = submit("a", cyclonedx(LEFT, subject=APP), artifacts=[OTHER])

    assert subjects(evidence) == [(APP, "document", 90), (OTHER, "parameter", 60)]
    assert "subject_mismatch" in warned(evidence)


@pytest.mark.django_db
@pytest.mark.parametrize("stated_by", ["a", "b"])
def test_an_index_relates_two_digests_for_the_team_that_stated_it_alone(stated_by: str) -> None:
    index = image_index(APP, ARM)
    submit(stated_by, index)

    evidence = submit("a", cyclonedx(LEFT, subject=APP), artifacts=[digest_of(index)])

    assert ("subject_mismatch" in warned(evidence)) == (stated_by == "b")
    assert [confidence for *_, confidence in subjects(evidence)] == [90, 90 if stated_by == "a" else 60]


@pytest.mark.django_db
def test_a_config_relates_to_its_manifest() -> None:
    manifest = image_manifest(CONFIG)
    submit("a", manifest)

    evidence = submit("a", cyclonedx(LEFT, subject=CONFIG), artifacts=[digest_of(manifest)])

    assert "subject_mismatch" not in warned(evidence)


@pytest.mark.django_db
def test_without_any_digest_the_name_stands_for_what_it_is_about() -> None:
    evidence = submit("a", cyclonedx(LEFT, name="ledger"), version="2")

    (subject,) = SnapshotSubject.objects.filter(snapshot__evidence=evidence).select_related("artifact")
    assert (subject.artifact.digest, subject.artifact.label_name, subject.artifact.label_version) == (
        None,
        "ledger",
        "2",
    )
    assert (subject.kind, subject.confidence) == ("named", 0)
    assert warned(evidence)[:1] == ["no_digest"]


@pytest.mark.django_db
def test_with_neither_digest_nor_name_it_is_rejected() -> None:
    document = json.loads(cyclonedx(LEFT))
    del document["metadata"]["component"]
    data = json.dumps(document).encode()

    refused, named = store("a", data, filename="ledger.json"), store("a", data, name="ledger")
    apply_waiting()

    assert (error_of(refused) or {})["code"] == "subject_required"
    assert EvidenceState.objects.get(pk=named.pk).state == State.APPLIED_WITH_WARNINGS


@pytest.mark.django_db
def test_the_same_bytes_sent_later_with_a_digest_bind_what_was_kept_under_a_name() -> None:
    data = cyclonedx(LEFT, name="ledger")
    by_name = submit("a", data)
    of_b = submit("b", data)

    bound = submit("a", data, artifacts=[APP])
    again = submit("a", data, repository="example/ledger")

    assert subjects(by_name) == []
    assert subjects(bound) == [(APP, "parameter", 90)]
    assert subjects(again) == [(APP, "parameter", 90)]
    assert [found for found, *_ in subjects(of_b)] == [None], "another team's binding is its own"


@pytest.mark.django_db
def test_names_of_document_and_request_are_kept_without_their_tag() -> None:
    submit("a", cyclonedx(LEFT, subject=APP, name="docker.io/library/nginx:1.27"), name="registry.example/web:2")

    names = set(ArtifactName.objects.filter(artifact__digest=APP).values_list("name", "tag", "team__slug"))
    assert names == {("docker.io/library/nginx", "1.27", "a"), ("registry.example/web", "2", "a")}


@pytest.mark.django_db
def test_hashes_and_cpes_are_kept_once_a_team_however_often_they_are_stated() -> None:
    known = {
        "name": "left",
        "version": "1",
        "purl": LEFT,
        "cpe": "cpe:2.3:a:x:left:1:*:*:*:*:*:*:*",
        "hashes": [{"alg": "SHA-1", "content": "A" * 40}, {"alg": "SHA-256", "content": "b" * 64}],
    }
    for team, subject in (("a", APP), ("a", OTHER), ("b", APP)):
        submit(team, cyclonedx(known, subject=subject))

    stated = sorted(ComponentHash.objects.values_list("team__slug", "algorithm", "value"))
    both = [("sha1", bytes.fromhex("a" * 40)), ("sha256", bytes.fromhex("b" * 64))]
    assert [(team, algorithm, bytes(value)) for team, algorithm, value in stated] == [
        (team, *one) for team in ("a", "b") for one in both
    ]
    assert sorted(ComponentCpe.objects.values_list("team__slug", "cpe")) == [
        (team, "cpe:2.3:a:x:left:1:*:*:*:*:*:*:*") for team in ("a", "b")
    ]


@pytest.mark.django_db
def test_a_source_package_is_filled_in_when_a_later_document_names_it() -> None:
    plain = "pkg:deb/debian/libssl3@3.0?arch=amd64"
    submit("a", cyclonedx(plain, subject=APP))
    assert Component.objects.get().source_package is None

    submit("b", cyclonedx(f"{plain}&upstream=openssl", subject=OTHER))
    submit("b", cyclonedx(plain, subject=ARM))

    source = Component.objects.get().source_package
    assert source is not None
    assert (source.type, source.namespace, source.name) == ("deb", "debian", "openssl")


@pytest.mark.django_db
def test_memberships_that_a_document_states_are_kept() -> None:
    evidence = submit("a", raw("spdx/ko-index.json"))

    members = IndexMember.objects.select_related("index", "member")
    assert members.count() > 0
    assert {member.index.digest for member in members} <= set(EvidenceState.objects.get(pk=evidence.pk).subjects)
    assert ArtifactAlias.objects.count() == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_documents_of_four_workers_with_the_same_packages_neither_wait_forever_nor_get_lost() -> None:
    upsert.forget_all()
    sent = []
    for number in range(40):
        purls = [f"pkg:npm/p{(number * 7 + place) % 60}@1" for place in range(30)]
        hashed: Mapping[str, Any] = {"name": "plain", "hashes": [{"alg": "SHA-1", "content": f"{number % 5}" * 40}]}
        listed: list[str | Mapping[str, Any]] = [*purls, hashed] if number % 2 else [hashed, *reversed(purls)]
        name = f"registry.example/{'abc'[number % 3]}:1"
        sent.append(store("ab"[number % 2], cyclonedx(*listed, subject=digest(f"s{number}"), name=name)))

    workers = [threading.Thread(target=_work_until_done) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    states = EvidenceState.objects.filter(pk__in=[evidence.pk for evidence in sent])
    assert {(state.state, state.attempts) for state in states} <= {("applied", 1), ("applied_with_warnings", 1)}
    assert Snapshot.objects.count() == 40
    for snapshot in Snapshot.objects.select_related("track"):
        assert snapshot.distinct_count == 31 == _present(snapshot)


def _present(snapshot: Snapshot) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM inventory_presence WHERE track_id = %s AND from_seq <= %s AND to_seq > %s",
            [snapshot.track_id, snapshot.seq, snapshot.seq],
        )
        return int(cursor.fetchone()[0])


def _work_until_done() -> None:
    try:
        while process_next():
            pass
    finally:
        connections.close_all()
