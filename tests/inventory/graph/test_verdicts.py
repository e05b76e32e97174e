"""Where artifacts come from: the best of what is attested of each, through the asker's eyes."""

from __future__ import annotations

import pytest

from inventory.graph.verdicts import NO_ORIGIN, Difference, Origin, read_verdicts
from inventory.models import Artifact, ArtifactAlias, Attestation, Evidence, IndexMember
from inventory.models.trust import Compromise, SignerState, TrustedSigner
from inventory.models.verification import ReportedVerification, Verdict
from supplychain.access.actors import Actor
from tests.attested import COMMIT, REPOSITORY, bundle, encode, message_bundle, statement
from tests.factories import (
    SEES_ALL,
    START,
    cyclonedx,
    digest,
    digest_of,
    image_index,
    image_manifest,
    later,
    member_of,
    submit,
)
from tests.judgements import IDENTITY, accepted_signer, change_trust, compromised, judge

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


# --- What verification found ------------------------------------------------------------------------------------------


def attested(*documents: object) -> list[Attestation]:
    """Send documents, and return their attestations in that order."""
    for document in documents:
        submit("shop", encode(document))
    return list(Attestation.objects.order_by("pk"))


def test_a_verified_attestation_counts_before_all_others_and_its_certificate_before_the_payload():
    first, second = attested(bundle(statement(IMAGE)), statement(IMAGE))
    judge(first, Verdict.VERIFIED_EXPECTED, repository="github.com/shop/renamed", commit="d" * 40)
    judge(second, Verdict.UNSIGNED_CLAIM)
    found = origin(IMAGE)

    assert (found.verdict, found.slsa_build_level, found.signer) == (Verdict.VERIFIED_EXPECTED, 3, IDENTITY)
    assert (found.repository, found.commit) == ("github.com/shop/renamed", "d" * 40)
    assert found.workflow == ".github/workflows/release.yml"
    assert (found.reasons, found.others) == ((), {"unsigned_claim": 1})


def test_a_bad_attestation_takes_nothing_from_a_good_one_and_alone_it_fails():
    good, bad = attested(bundle(statement(IMAGE)), bundle(statement(IMAGE), log_entries=2))
    judge(bad, Verdict.FAILED, code="signature_invalid")

    assert (origin(IMAGE).verdict, origin(IMAGE).reasons) == (Verdict.FAILED, ("signature_invalid",))

    judge(good, Verdict.VERIFIED_EXPECTED)

    assert (origin(IMAGE).verdict, origin(IMAGE).others) == (Verdict.VERIFIED_EXPECTED, {"failed": 1})


def test_what_differs_from_a_trusted_signer_is_told_field_by_field():
    (one,) = attested(bundle(statement(IMAGE)))
    differs = [["unexpected_repository", "github.com/shop/api", "github.com/evil/api"]]
    judge(one, Verdict.VERIFIED_UNEXPECTED, reasons=differs)
    found = origin(IMAGE)

    assert (found.verdict, found.reasons) == (Verdict.VERIFIED_UNEXPECTED, ("unexpected_repository",))
    assert found.differences == (Difference("unexpected_repository", "github.com/shop/api", "github.com/evil/api"),)


def test_a_failed_attestations_certificate_is_not_told_as_a_fact():
    (one,) = attested(bundle(statement(IMAGE)))
    judge(one, Verdict.FAILED, code="chain_invalid", repository="github.com/evil/api", identity="evil")

    assert (origin(IMAGE).repository, origin(IMAGE).signer) == ("github.com/shop/api", None)


def test_a_verified_statement_of_another_predicate_is_no_verdict_of_where_it_comes_from():
    (one,) = attested(bundle(statement(IMAGE, predicate={"passed": True}, predicate_type="https://x.test/checked/v1")))
    judge(one, Verdict.VERIFIED_EXPECTED)

    assert origin(IMAGE) == NO_ORIGIN


def test_a_verified_index_speaks_for_a_member_that_its_bytes_list_and_for_no_claimed_one():
    index = image_index(IMAGE)
    (one,) = attested(bundle(statement(digest_of(index))))
    judge(one, Verdict.VERIFIED_EXPECTED)
    claimed = IndexMember.objects.create(
        team_id=one.team_id,
        index=Artifact.objects.get(digest=digest_of(index)),
        member=Artifact.objects.create(digest=IMAGE),
        evidence=Evidence.objects.get(),
    )

    assert (origin(IMAGE).verdict, origin(IMAGE).reasons) == (Verdict.UNSUPPORTED, ("index_claimed",))
    assert origin(IMAGE).slsa_build_level == 1

    submit("shop", index)
    claimed.refresh_from_db()

    assert claimed.is_proven
    assert (origin(IMAGE).verdict, origin(IMAGE).relation) == (Verdict.VERIFIED_EXPECTED, "index")


def test_a_verified_member_never_speaks_for_its_index_or_its_siblings():
    index = image_index(IMAGE, ARM64)
    submit("shop", index)
    (one,) = attested(bundle(statement(IMAGE)))
    judge(one, Verdict.VERIFIED_EXPECTED)

    assert origin(IMAGE).verdict is Verdict.VERIFIED_EXPECTED
    assert (origin(ARM64), origin(digest_of(index))) == (NO_ORIGIN, NO_ORIGIN)


def test_that_two_digests_are_one_file_carries_a_verdict_only_in_the_statement_that_says_so():
    """An unsigned statement could name a good digest and a bad one as the same file."""
    bad = "sha512:" + "b" * 128
    both = {"name": "f", "digest": {"sha256": IMAGE.partition(":")[2], "sha512": "b" * 128}}
    good, twin = attested(bundle(statement(IMAGE)), statement(both))
    judge(good, Verdict.VERIFIED_EXPECTED)

    assert (origin(bad).verdict, origin(bad).reasons) == (Verdict.UNSUPPORTED, ("alias_claimed",))

    judge(twin, Verdict.VERIFIED_EXPECTED)

    assert origin(bad).verdict is Verdict.VERIFIED_EXPECTED


def test_a_revoked_signer_binds_before_the_workers_have_judged_again():
    (one,) = attested(bundle(statement(IMAGE)))
    signer = accepted_signer()
    judge(one, Verdict.VERIFIED_EXPECTED, signer=signer)
    change_trust("another signer was accepted")

    assert origin(IMAGE).verdict is Verdict.VERIFIED_EXPECTED

    TrustedSigner.objects.filter(pk=signer.pk).update(state=SignerState.REVOKED)

    assert (origin(IMAGE).verdict, origin(IMAGE).reasons) == (Verdict.UNSUPPORTED, ("verification_due",))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("identity", IDENTITY),
        ("builder", f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main"),
        ("repository", "github.com/shop/api"),
        ("workflow", "github.com/shop/api/.github/workflows/release.yml"),
    ],
)
def test_a_compromise_binds_before_the_workers_have_judged_again(kind, value):
    (one,) = attested(bundle(statement(IMAGE)))
    judge(one, Verdict.VERIFIED_EXPECTED)
    compromised(kind, f"{value}-of-another")

    assert origin(IMAGE).verdict is Verdict.VERIFIED_EXPECTED

    declared = compromised(kind, value)

    assert (origin(IMAGE).verdict, origin(IMAGE).reasons) == (Verdict.UNSUPPORTED, ("verification_due",))

    Compromise.objects.filter(pk=declared.pk).update(since=later(1))

    assert origin(IMAGE).verdict is Verdict.VERIFIED_EXPECTED, "signed before"


def test_what_another_tool_reports_stands_between_what_we_cannot_judge_and_a_bare_claim():
    (one,) = attested(statement(IMAGE))
    ReportedVerification.objects.create(
        team_id=one.team_id,
        artifact=Artifact.objects.get(digest=IMAGE),
        evidence=Evidence.objects.get(),
        position=0,
        tool="gh",
        passed=True,
        repository="github.com/shop/api",
        level=2,
        reported_at=START,
    )
    found = origin(IMAGE)

    assert (found.verdict, found.slsa_build_level, found.attestation) == (Verdict.REPORTED, 2, None)
    assert (found.reasons, found.others) == (("reported_by_gh",), {"unsigned_claim": 1})

    ReportedVerification.objects.update(passed=False)

    assert origin(IMAGE).verdict is Verdict.UNSIGNED_CLAIM
