"""Attestations as rows: claims of a team, once however often they come, about their own subjects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inventory.models import (
    ArtifactAlias,
    ArtifactName,
    Attestation,
    AttestationSource,
    AttestationSubject,
    EvidenceState,
    Provenance,
    ProvenanceDependency,
    Running,
    Snapshot,
    SnapshotSubject,
    State,
)
from tests import attested
from tests.attested import CYCLONEDX, bundle, dsse, encode, message_bundle, statement
from tests.factories import apply_waiting, cyclonedx, deployment, digest, report, store, submit
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db

IMAGE, OTHER = digest("image"), digest("other image")


def about(*subjects: Any, purl: str = "pkg:npm/left-pad@1.3.0") -> dict[str, Any]:
    """A statement whose predicate is an SBOM."""
    return statement(*subjects, predicate=json.loads(cyclonedx(purl)), predicate_type=CYCLONEDX)


def test_a_statement_is_a_claim_about_its_subject_with_what_it_says_of_the_build():
    evidence = submit("shop", encode(bundle(statement(IMAGE))))

    row = Attestation.objects.get()
    assert (row.envelope, row.predicate, row.signature_count, row.log_entry_count) == (
        "sigstore-bundle",
        "provenance",
        1,
        1,
    )
    assert list(AttestationSubject.objects.values_list("artifact__digest", "team__slug")) == [(IMAGE, "shop")]
    found = Provenance.objects.get()
    assert (found.repository, found.commit, found.workflow_path) == (
        "github.com/shop/api",
        attested.COMMIT,
        ".github/workflows/release.yml",
    )
    assert list(ProvenanceDependency.objects.order_by("position").values_list("commit", "digest")) == [
        (attested.COMMIT, ""),
        ("", f"sha256:{'a' * 64}"),
    ]
    state = EvidenceState.objects.get(pk=evidence.pk)
    assert (state.kind, state.format, state.subjects) == ("attestation", "sigstore-bundle", [IMAGE])
    assert state.counts["attestations"] == state.counts["attestations_stored"] == 1


def test_the_same_envelope_is_one_attestation_of_a_team_and_every_document_of_it_is_a_source():
    first, second = encode(bundle(statement(IMAGE))), encode(bundle(statement(OTHER)))
    submit("shop", first)
    submit("shop", first, cluster="again")
    submit("shop", first + b"\n" + second)
    submit("other", first)

    assert Attestation.objects.filter(team__slug="shop").count() == 2
    assert Attestation.objects.filter(team__slug="other").count() == 1
    assert AttestationSource.objects.filter(attestation__team__slug="shop").count() == 4
    assert Provenance.objects.count() == 3


def test_nothing_is_attached_to_the_artifact_that_a_request_names():
    evidence = submit("shop", encode(bundle(statement(OTHER))), artifacts=[IMAGE])

    assert list(AttestationSubject.objects.values_list("artifact__digest", flat=True)) == [OTHER]
    state = EvidenceState.objects.get(pk=evidence.pk)
    assert [warning["code"] for warning in state.warnings] == ["not_a_subject"]


def test_several_digests_of_one_subject_are_one_artifact():
    both = {"name": "api.tgz", "digest": {"sha512": "b" * 128, "sha256": "a" * 64}}
    submit("shop", encode(statement(both)))

    alias = ArtifactAlias.objects.get()
    assert (alias.artifact.digest, alias.alias.digest) == (f"sha256:{'a' * 64}", f"sha512:{'b' * 128}")
    assert list(AttestationSubject.objects.values_list("artifact__digest", flat=True)) == [f"sha256:{'a' * 64}"]
    assert list(ArtifactName.objects.values_list("name", "tag")) == [("api.tgz", "")]


@pytest.mark.parametrize(
    ("document", "source"),
    [
        (dsse(about(IMAGE)), "signed"),
        (bundle(about(IMAGE)), "signed"),
        (about(IMAGE), "document"),
        (dsse(about(IMAGE), signatures=0), "document"),
    ],
)
def test_an_sbom_inside_is_an_sbom_of_the_statements_subjects(document, source):
    evidence = submit("shop", encode(document))

    rows = SnapshotSubject.objects.values_list("artifact__digest", "source")
    assert list(rows) == [(IMAGE, source)]
    counts = EvidenceState.objects.get(pk=evidence.pk).counts
    assert (counts["components"], counts["components_stored"], counts["sboms"]) == (1, 1, 1)


def test_an_sbom_inside_tells_what_a_running_container_holds():
    report("shop", deployment(digest=IMAGE))
    submit("shop", encode(dsse(about(IMAGE))))

    assert list(Running.objects.values_list("artifact__digest", flat=True)) == [IMAGE]


def test_all_sboms_of_a_document_count():
    lines = [encode(dsse(about(IMAGE))), encode(dsse(about(OTHER, purl="pkg:npm/vm2@3.9.17")))]
    evidence = submit("shop", b"\n".join(lines))

    assert list(Snapshot.objects.filter(evidence=evidence).order_by("part").values_list("part", flat=True)) == [0, 1]
    assert set(SnapshotSubject.objects.values_list("artifact__digest", flat=True)) == {IMAGE, OTHER}
    assert EvidenceState.objects.get(pk=evidence.pk).counts["components"] == 2


def test_sboms_of_one_track_in_one_document_are_points_of_it():
    lines = [encode(dsse(about(IMAGE))), encode(dsse(about(OTHER)))]
    submit("shop", b"\n".join(lines))

    assert list(Snapshot.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert Snapshot.objects.values("track").distinct().count() == 1


def test_a_signature_over_bytes_is_an_attestation_of_their_digest():
    submit("shop", encode(message_bundle(IMAGE)))

    row = Attestation.objects.get()
    assert (row.envelope, row.predicate, row.subject_count) == ("message-signature", "signature", 1)


def test_one_that_cannot_be_read_is_counted_and_told_and_the_others_are_kept():
    broken = encode(bundle(statement(IMAGE, subject=[])))
    evidence = submit("shop", broken + b"\n" + encode(bundle(statement(IMAGE))))

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert (state.counts["attestations"], state.counts["attestations_rejected"]) == (2, 1)
    warning = state.warnings[0]
    assert (warning["code"], warning["pointer"]) == ("bad_subject", "/0/dsseEnvelope/payload/subject")


def test_a_document_of_which_nothing_can_be_read_leaves_nothing():
    store("shop", encode(dsse(statement(IMAGE), payload_type="application/json")))
    apply_waiting()

    state = EvidenceState.objects.get()
    assert state.state == State.REJECTED
    assert state.error is not None
    assert state.error["code"] == "payload_type"
    assert not Attestation.objects.exists()


def test_applying_costs_as_many_round_trips_for_fifty_attestations_as_for_one():
    def cost(count):
        lines = [encode(bundle(statement(digest(f"{count} {place}")))) for place in range(count)]
        store("shop", b"\n".join(lines))
        with round_trips() as counted:
            apply_waiting()
        return counted.count

    cost(1)

    assert cost(50) == cost(2)


def test_the_database_refuses_a_bare_statement_that_says_it_is_signed():
    submit("shop", encode(statement(IMAGE)))

    with pytest.raises(IntegrityError), transaction.atomic():
        Attestation.objects.update(signature_count=1)


def test_the_database_keeps_an_envelope_once_a_team():
    submit("shop", encode(statement(IMAGE)))
    row = Attestation.objects.get()
    row.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
