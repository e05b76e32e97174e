"""What the API tells of attestations: claims of own teams, none of which reads like a verdict in their favour."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import attested
from tests.attested import bundle, dsse, encode, message_bundle, statement
from tests.factories import cyclonedx, digest, digest_of, image_index, image_manifest, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

IMAGE, ARM64 = digest("image"), digest("arm64")


def client(team: str = "shop") -> Client:
    return client_of(new_key("inventory:read", team=team))


def attestations(of: str, *, team: str = "shop") -> list[dict[str, Any]]:
    answer = client(team).get(f"/api/v1/artifacts/{of}/attestations")
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


def test_a_signed_claim_is_told_whole_and_believed_in_nothing():
    document = encode(bundle(statement(IMAGE)))
    evidence = submit("shop", document)

    assert attestations(IMAGE) == [
        {
            "digest": digest_of(document),
            "envelope": "sigstore-bundle",
            "envelope_version": "0.3",
            "statement_type": "https://in-toto.io/Statement/v1",
            "predicate_type": "https://slsa.dev/provenance/v1",
            "predicate": "provenance",
            "verdict": "unsupported",
            "reasons": ["not_verified"],
            "subject": {"digest": IMAGE, "name": "", "relation": "same"},
            "subject_count": 1,
            "signatures": {
                "count": 1,
                "valid_signer_count": None,
                "key_ids": ["key-0"],
                "certificates": [digest_of(b"certificate")],
                "log_entry_count": 1,
                "timestamp_count": 0,
            },
            "provenance": {
                "builder": f"{attested.REPOSITORY}/.github/workflows/release.yml@refs/heads/main",
                "build_type": "https://actions.github.io/buildtypes/workflow/v1",
                "repository": "github.com/shop/api",
                "ref": "refs/heads/main",
                "commit": attested.COMMIT,
                "workflow": ".github/workflows/release.yml",
                "invocation": f"{attested.REPOSITORY}/actions/runs/1/attempts/1",
                "started_at": None,
                "finished_at": None,
            },
            "facts": [],
            "team": "shop",
            "evidence": [str(evidence.public_id)],
            "evidence_count": 1,
            "received_at": "2026-03-01T12:00:00Z",
        }
    ]


@pytest.mark.parametrize("document", [statement(IMAGE), dsse(statement(IMAGE), signatures=0)])
def test_what_nobody_signed_is_an_unsigned_claim(document):
    submit("shop", encode(document))

    assert [(row["verdict"], row["reasons"]) for row in attestations(IMAGE)] == [("unsigned_claim", [])]


def test_no_answer_holds_a_word_that_means_a_pass():
    for document in (statement(IMAGE), bundle(statement(IMAGE)), message_bundle(IMAGE)):
        submit("shop", encode(document))

    assert {row["verdict"] for row in attestations(IMAGE)} <= {"unsigned_claim", "unsupported"}
    assert "verified_expected" not in str(attestations(IMAGE))


def test_what_is_claimed_of_an_index_holds_for_its_members_and_never_the_other_way():
    index = image_index(IMAGE, ARM64)
    submit("shop", index)
    submit("shop", encode(bundle(statement(digest_of(index)))))
    submit("shop", encode(bundle(statement(ARM64))))

    assert [row["subject"]["relation"] for row in attestations(IMAGE)] == ["index"]
    assert [row["subject"]["relation"] for row in attestations(digest_of(index))] == ["same"]
    assert sorted(row["subject"]["relation"] for row in attestations(ARM64)) == ["index", "same"]


def test_what_is_claimed_of_a_manifest_is_found_by_its_config():
    manifest = image_manifest(digest("config"))
    submit("shop", manifest)
    submit("shop", encode(bundle(statement(digest_of(manifest)))))

    assert [row["subject"]["relation"] for row in attestations(digest("config"))] == ["alias"]


def test_another_teams_claims_are_not_told_and_its_artifact_is_not_known():
    submit("other", encode(bundle(statement(IMAGE))))
    answer = client().get(f"/api/v1/artifacts/{IMAGE}/attestations")
    missing = client().get(f"/api/v1/artifacts/{digest('nothing')}/attestations")

    assert (answer.status_code, answer.content) == (404, missing.content)

    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=IMAGE))
    assert attestations(IMAGE) == []


def test_an_attestation_alone_makes_its_subject_known():
    submit("shop", encode(bundle(statement({"name": "api.tgz", **attested.subject(IMAGE, "api.tgz")}))))

    listed = client().get("/api/v1/artifacts").json()["results"]
    assert [(row["digest"], row["names"]) for row in listed] == [(IMAGE, ["api.tgz"])]


def test_next_leads_through_all_of_them():
    for place in range(5):
        submit("shop", encode(bundle(statement(IMAGE, predicate=attested.provenance(commit=f"{place}" * 40)))))
    reader, address, found = client(), f"/api/v1/artifacts/{IMAGE}/attestations?limit=2", []
    while address:
        body = reader.get(address).json()
        found += [row["digest"] for row in body["results"]]
        address = body["next"]

    assert len(found) == len(set(found)) == 5


def test_a_second_digest_by_another_algorithm_is_no_config():
    both = {"name": "api.tgz", "digest": {"sha256": "a" * 64, "sha512": "b" * 128}}
    submit("shop", encode(statement(both)))

    kinds = {row["kind"] for row in client().get("/api/v1/artifacts").json()["results"]}
    assert kinds == {"unknown"}
