"""Where artifacts come from: the best of what is attested of each, through the asker's eyes."""

from __future__ import annotations

import pytest

from inventory.graph.judged import Verdict
from inventory.graph.verdicts import NO_ORIGIN, Origin, read_verdicts
from inventory.models import ArtifactAlias, Artifact, IndexMember
from supplychain.access.actors import Actor
from tests.attested import COMMIT, REPOSITORY, bundle, encode, message_bundle, statement
from tests.factories import (
    SEES_ALL,
    cyclonedx,
    digest,
    digest_of,
    image_index,
    image_manifest,
    member_of,
    submit,
)

pytestmark = pytest.mark.django_db

IMAGE, ARM64 = digest("image"), digest("arm64")


def origin(of: str, *, actor: Actor = SEES_ALL) -> Origin:
    pk = Artifact.objects.get(digest=of).pk
    return read_verdicts([pk], actor=actor)[pk]


def test_an_artifact_of_which_nothing_is_attested_has_no_verdict():
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=IMAGE))

    assert origin(IMAGE) == NO_ORIGIN
    assert origin(IMAGE).verdict is Verdict.NONE


def test_what_nobody_signed_is_a_claim_with_everything_it_says():
    submit("shop", encode(statement(IMAGE)))
    found = origin(IMAGE)

    assert (found.verdict, found.slsa_build_level, found.reasons) == (Verdict.UNSIGNED_CLAIM, 1, ())
    assert (found.repository, found.commit, found.workflow) == (
        "github.com/shop/api",
        COMMIT,
        ".github/workflows/release.yml",
    )
    assert found.builder == f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main"
    assert found.signer is None


def test_what_is_signed_and_judged_by_nobody_is_not_verified_and_counts_before_a_bare_claim():
    submit("shop", encode(statement(IMAGE)))
    submit("shop", encode(bundle(statement(IMAGE))))
    found = origin(IMAGE)

    assert (found.verdict, found.reasons) == (Verdict.UNSUPPORTED, ("not_verified",))
    assert found.others == {"unsigned_claim": 1}


def test_a_signed_sbom_says_nothing_of_where_the_artifact_comes_from():
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}
    inside = statement(IMAGE, predicate=document, predicate_type="https://cyclonedx.org/bom")
    submit("shop", encode(bundle(inside)))

    assert origin(IMAGE).verdict is Verdict.NONE


def test_a_signature_over_the_artifact_itself_is_a_verdict_without_provenance():
    submit("shop", encode(message_bundle(IMAGE)))
    found = origin(IMAGE)

    assert (found.verdict, found.builder, found.slsa_build_level) == (Verdict.UNSUPPORTED, None, 0)


def test_what_is_said_of_an_index_holds_for_its_members_and_never_the_other_way():
    index = image_index(IMAGE, ARM64)
    submit("shop", index)
    submit("shop", encode(statement(IMAGE)))

    assert origin(IMAGE).relation == ""
    assert origin(ARM64) == NO_ORIGIN
    assert origin(digest_of(index)) == NO_ORIGIN

    submit("shop", encode(statement(digest_of(index))))

    assert origin(ARM64).relation == "index"


def test_another_teams_attestation_is_seen_by_who_sees_that_team_alone():
    submit("other", encode(statement(IMAGE)))
    submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=IMAGE))

    assert origin(IMAGE, actor=member_of("shop")) == NO_ORIGIN
    assert origin(IMAGE, actor=member_of("other")).verdict is Verdict.UNSIGNED_CLAIM


def test_many_artifacts_cost_as_many_statements_as_one(django_assert_num_queries):
    for place in range(20):
        submit("shop", encode(statement(digest(f"image {place}"))))
    ids = list(Artifact.objects.values_list("pk", flat=True))

    with django_assert_num_queries(1):
        found = read_verdicts(ids, actor=SEES_ALL)

    assert sum(one.verdict is Verdict.UNSIGNED_CLAIM for one in found.values()) == 20


def test_the_bytes_of_an_index_prove_what_it_lists_and_an_sbom_only_claims_it():
    index = image_index(IMAGE, ARM64)
    submit("shop", trivy_like(index=digest_of(index), config=digest("config")))
    claimed = ArtifactAlias.objects.get()
    assert not claimed.is_proven

    manifest = image_manifest(digest("config"))
    submit("shop", manifest)
    submit("shop", index)

    assert ArtifactAlias.objects.get(artifact__digest=digest_of(manifest)).is_proven
    assert list(IndexMember.objects.values_list("is_proven", flat=True)) == [True, True]


def trivy_like(*, index: str, config: str) -> bytes:
    """Write an SBOM that says which config a manifest has, as Trivy does."""
    image = f"registry.example/shop@{index}"
    properties = {"aquasecurity:trivy:ImageID": config, "aquasecurity:trivy:RepoDigest": image}
    root = {
        "type": "container",
        "bom-ref": "root",
        "name": "registry.example/shop:1.0",
        "purl": f"pkg:oci/shop@{index.replace(':', '%3A')}?repository_url=registry.example%2Fshop",
        "properties": [{"name": name, "value": value} for name, value in properties.items()],
    }
    return encode(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "metadata": {"component": root, "tools": {"components": [{"type": "application", "name": "trivy"}]}},
            "components": [{"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1"}],
        }
    )
