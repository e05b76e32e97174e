"""Image indexes and manifests as rows, and what they tell about containers that run."""

from __future__ import annotations

import pytest

from inventory.models import ArtifactAlias, ArtifactName, Certainty, EvidenceState, IndexMember, Running
from tests.factories import (
    cyclonedx,
    deployment,
    digest,
    digest_of,
    image_index,
    image_manifest,
    member_of,
    report,
    submit,
)

pytestmark = pytest.mark.django_db

AMD64, ARM64, CONFIG = digest("amd64"), digest("arm64"), digest("config")


def joined() -> list[tuple[str | None, int]]:
    rows = Running.objects.order_by("certainty", "artifact__digest")
    return list(rows.values_list("artifact__digest", "certainty"))


def test_an_index_states_its_members_for_the_team_that_sent_it():
    evidence = submit("shop", image_index(AMD64, ARM64))

    rows = IndexMember.objects.order_by("architecture").values_list(
        "team__slug", "index__digest", "member__digest", "os", "architecture"
    )
    assert list(rows) == [
        ("shop", evidence.blob_id, AMD64, "linux", "amd64"),
        ("shop", evidence.blob_id, ARM64, "linux", "arm64"),
    ]
    state = EvidenceState.objects.get(pk=evidence.pk)
    assert (state.kind, state.subjects) == ("image", [evidence.blob_id])
    assert (state.counts["members"], state.counts["configs"]) == (2, 0)


def test_a_manifest_states_its_config():
    evidence = submit("shop", image_manifest(CONFIG))

    alias = ArtifactAlias.objects.get()
    assert (alias.alias.digest, alias.artifact.digest, alias.team.slug) == (CONFIG, evidence.blob_id, "shop")


def test_the_same_index_of_two_teams_is_stated_twice_and_of_one_team_once():
    index = image_index(AMD64, ARM64)
    for team, cluster in (("shop", ""), ("shop", "again"), ("other", "")):
        submit(team, index, cluster=cluster)

    assert IndexMember.objects.count() == 4


def test_the_name_of_the_request_is_kept():
    submit("shop", image_index(AMD64, ARM64), name="registry.example/app:1.2")

    assert list(ArtifactName.objects.values_list("name", "tag")) == [("registry.example/app", "1.2")]


def test_an_index_that_arrives_last_joins_what_runs_to_the_sbom_of_its_member():
    index = image_index(AMD64, ARM64)
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=AMD64))
    digest_of_index = digest_of(index)
    report("shop", deployment(digest=digest_of_index, node_arch="amd64"))
    assert joined() == []

    submit("shop", index)

    assert joined() == [(AMD64, Certainty.EXACT)]


def test_on_a_node_of_unknown_architecture_the_member_is_a_possibility():
    index = image_index(AMD64, ARM64)
    submit("shop", index)
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=AMD64))

    report("shop", deployment(digest=digest_of(index)))

    assert joined() == [(AMD64, Certainty.UNRESOLVED)]


def test_a_config_digest_joins_the_manifest_it_belongs_to():
    body = image_manifest(CONFIG)
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=digest_of(body)))
    report("shop", deployment(digest=CONFIG))
    assert joined() == []

    submit("shop", body)

    assert joined() == [(digest_of(body), Certainty.EXACT)]


def test_a_join_that_rests_on_a_strangers_statement_names_both_teams():
    body = image_manifest(CONFIG)
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=digest_of(body)))
    report("shop", deployment(digest=CONFIG))

    submit("other", body)

    row = Running.objects.get()
    assert frozenset(row.teams) == member_of("shop", "other").team_ids
