"""SLSA provenance of every version in one shape, as the builders in use write it."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.formats.attestations.records import AttestationsRecord, ProvenanceRecord
from inventory.formats.attestations.sources import Source, parse_source
from inventory.formats.read import read_document
from tests import attested
from tests.attested import COMMIT, encode, statement

A = "sha256:" + "a" * 64
REPOSITORY = "github.com/shop/api"


def read(predicate: dict[str, Any], version: str = "v1") -> ProvenanceRecord:
    record = read_document(
        encode(statement(A, predicate=predicate, predicate_type=f"https://slsa.dev/provenance/{version}"))
    )
    assert isinstance(record, AttestationsRecord)
    found = record.attestations[0].provenance
    assert found is not None
    return found


def origin(found: ProvenanceRecord) -> tuple[str, str, str]:
    return found.repository, found.ref, found.commit


def test_githubs_builder_names_workflow_repository_commit_and_run():
    found = read(attested.provenance())

    assert origin(found) == (REPOSITORY, "refs/heads/main", COMMIT)
    assert (found.workflow_path, found.event) == (".github/workflows/release.yml", "push")
    assert found.runner_environment == "github-hosted"
    assert found.invocation_id.endswith("/actions/runs/1/attempts/1")
    assert found.parameters is not None
    assert [str(item.digest or "") for item in found.dependencies] == ["", A]


def test_version_0_2_maps_its_invocation_and_materials():
    found = read(
        {
            "builder": {"id": "https://builder.example/v1"},
            "buildType": "https://github.com/slsa-framework/slsa-github-generator/generic@v1",
            "invocation": {
                "configSource": {
                    "uri": "git+https://github.com/shop/api@refs/tags/v1",
                    "digest": {"sha1": COMMIT},
                    "entryPoint": ".github/workflows/release.yml",
                },
                "parameters": {"event_inputs": {"level": 1}},
                "environment": {"github_event_name": "push"},
            },
            "metadata": {
                "buildInvocationID": "7-1",
                "buildStartedOn": "2026-03-01T10:00:00Z",
                "buildFinishedOn": "yesterday",
            },
            "materials": [{"uri": "git+https://github.com/shop/api@refs/tags/v1", "digest": {"sha1": COMMIT}}],
        },
        "v0.2",
    )

    assert origin(found) == (REPOSITORY, "refs/tags/v1", COMMIT)
    assert (found.builder_id, found.invocation_id) == ("https://builder.example/v1", "7-1")
    assert (found.workflow_path, found.event) == (".github/workflows/release.yml", "push")
    assert found.started_at is not None
    assert found.finished_at is None


def test_version_0_1_finds_its_source_in_the_material_that_defines_it():
    found = read(
        {
            "builder": {"id": "https://builder.example/v1"},
            "recipe": {"type": "https://type.example", "definedInMaterial": 1, "entryPoint": "build.yaml"},
            "materials": [
                {"uri": "https://github.com/other/base", "digest": {"sha1": "d" * 40}},
                {"uri": "https://github.com/shop/api", "digest": {"sha1": COMMIT.upper()}},
            ],
        },
        "v0.1",
    )

    assert origin(found) == (REPOSITORY, "", COMMIT)
    assert (found.build_type, found.workflow_path) == ("https://type.example", "")


def test_a_predicate_under_the_old_name_of_googles_builder_is_read():
    made = statement(A, predicate_type="https://slsa.dev/provenance/v0.1")
    made["slsaProvenance"] = {"builder": {"id": "https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3"}}
    del made["predicate"]
    record = read_document(encode(made))

    assert isinstance(record, AttestationsRecord)
    found = record.attestations[0].provenance
    assert found is not None
    assert found.builder_id.endswith("GoogleHostedWorker@v0.3")


@pytest.mark.parametrize(
    "external",
    [
        {"buildConfigSource": {"repository": "https://github.com/shop/api", "ref": "refs/heads/main"}},
        {"source": {"uri": "git+https://github.com/shop/api@refs/heads/main", "digest": {"gitCommit": COMMIT}}},
        {"source": "git+https://github.com/shop/api@refs/heads/main"},
        {"configSource": {"uri": "https://github.com/shop/api.git#refs/heads/main", "digest": {"sha1": COMMIT}}},
        {},
    ],
)
def test_the_source_is_found_wherever_a_builder_of_version_1_writes_it(external):
    source = {"uri": "git+https://github.com/shop/api@refs/heads/main", "digest": {"gitCommit": COMMIT}}
    found = read({"buildDefinition": {"externalParameters": external, "resolvedDependencies": [source]}})

    assert origin(found) == (REPOSITORY, "refs/heads/main", COMMIT)


def test_a_reusable_builder_names_its_caller_in_internal_parameters():
    internal = {
        "GITHUB_REPOSITORY": "shop/api",
        "GITHUB_REF": "refs/tags/v1",
        "GITHUB_SHA": COMMIT,
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_WORKFLOW_REF": "shop/api/.github/workflows/release.yml@refs/tags/v1",
    }
    found = read({"buildDefinition": {"externalParameters": {"inputs": {}}, "internalParameters": internal}})

    assert origin(found) == (REPOSITORY, "refs/tags/v1", COMMIT)
    assert (found.workflow_path, found.event) == (".github/workflows/release.yml", "push")


def test_a_commit_in_quotes_and_a_commit_that_is_none():
    def material(text: str) -> str:
        return read(
            {"materials": [{"uri": "git+https://github.com/shop/api", "digest": {"sha1": text}}]}, "v0.2"
        ).commit

    assert material(f"'{COMMIT}'") == COMMIT
    assert material("main") == ""


def test_fields_of_another_type_are_absent():
    found = read({"buildDefinition": {"buildType": 7, "resolvedDependencies": {}}, "runDetails": [], "materials": None})

    assert (found.build_type, found.builder_id, found.dependencies) == ("", "", ())


@pytest.mark.parametrize(
    ("uri", "repository", "ref", "commit"),
    [
        ("git+https://github.com/shop/api@refs/heads/main", REPOSITORY, "refs/heads/main", ""),
        ("https://GitHub.com/shop/api.git", REPOSITORY, "", ""),
        ("https://user:secret@github.com/shop/api", REPOSITORY, "", ""),
        (f"https://github.com/shop/api.git#{COMMIT}:folder", REPOSITORY, "", COMMIT),
        ("git@github.com:shop/api.git", REPOSITORY, "", ""),
        ("ssh://git@gitlab.example:2222/group/sub/api", "gitlab.example:2222/group/sub/api", "", ""),
        (f"git+https://github.com/shop/api@{COMMIT}", REPOSITORY, "", COMMIT),
        ("pkg:docker/alpine@3.20", "", "", ""),
        ("gs://bucket/file", "", "", ""),
        ("https://localhost/x", "", "", ""),
        ("file:///etc/passwd", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_repository_has_one_name_however_it_is_written(uri, repository, ref, commit):
    assert parse_source(uri) == Source(repository, ref, commit)
