"""The chain of an artifact: what each link rests on, and where it could be replaced."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.graph.artifacts import ArtifactNotFoundError
from inventory.graph.trace import Trace, read_trace
from inventory.graph.trace_links import Link, LinkKind
from inventory.models import Attestation
from inventory.models.verification import Verdict
from supplychain.access.actors import Actor
from tests.attested import COMMIT, bundle, encode, statement
from tests.factories import SEES_ALL, deployment, digest, digest_of, image_index, member_of, report, submit
from tests.judgements import IDENTITY, judge

pytestmark = pytest.mark.django_db

IMAGE, OTHER = digest("image"), digest("other")
REPOSITORY = "github.com/shop/api"


def trace(of: str = IMAGE, *, actor: Actor = SEES_ALL) -> Trace:
    return read_trace(of, actor=actor)


def states(found: Trace) -> dict[str, str]:
    return {link.kind.value: link.state.value for link in found.links}


def link(found: Trace, kind: LinkKind) -> Link:
    return next(one for one in found.links if one.kind is kind)


def attest(verdict: Verdict | None, *, of: str = IMAGE, **judged: Any) -> None:
    """Send signed provenance of an artifact, and judge it."""
    submit("shop", encode(bundle(statement(of))))
    if verdict is not None:
        judge(Attestation.objects.latest("pk"), verdict, **judged)


def test_a_digest_that_only_runs_has_no_chain_and_says_so():
    report("shop", deployment(digest=IMAGE))
    found = trace()

    assert set(states(found).values()) == {"missing", "claimed"}
    assert [kind for kind, state in states(found).items() if state == "claimed"] == ["workloads"]
    assert (found.verdict, found.slsa_build_level, found.needs) == (Verdict.NONE, 0, ("needs_provenance",))
    assert found.gap is LinkKind.SOURCE
    assert link(found, LinkKind.ADMISSION).summary == "No admission decision is recorded."


def test_what_is_verified_as_expected_proves_the_links_it_speaks_of_and_no_other():
    attest(Verdict.VERIFIED_EXPECTED, level=2, level_reasons=["builder_trusted", "needs_isolated_builder"])
    found = trace()

    assert states(found) == {
        "source": "verified",
        "review": "missing",
        "commit": "verified",
        "workflow": "verified",
        "builder": "verified",
        "digest": "verified",
        "signature": "verified",
        "tags": "missing",
        "admission": "missing",
        "workloads": "missing",
    }
    assert found.gap is LinkKind.REVIEW
    assert (found.slsa_build_level, found.needs) == (2, ("needs_isolated_builder",))
    assert {fact.name: fact.value for fact in link(found, LinkKind.COMMIT).facts} == {"Commit": COMMIT}
    assert {fact.value for fact in link(found, LinkKind.SIGNATURE).facts} >= {IDENTITY, "release workflow"}


def test_each_attested_link_opens_the_document_that_says_it():
    evidence = submit("shop", encode(bundle(statement(IMAGE))))

    for kind in (LinkKind.SOURCE, LinkKind.COMMIT, LinkKind.BUILDER, LinkKind.SIGNATURE):
        assert [proof.evidence for proof in link(trace(), kind).proofs] == [evidence.public_id]


def test_a_signature_that_nobody_judged_leaves_everything_a_claim():
    attest(None)
    found = trace()

    assert states(found)["source"] == states(found)["signature"] == "claimed"
    assert found.gap is LinkKind.SOURCE
    assert link(found, LinkKind.SIGNATURE).reasons == ("not_verified",)


@pytest.mark.parametrize(
    ("code", "broken"),
    [
        ("unexpected_repository", "source"),
        ("unexpected_ref", "commit"),
        ("unexpected_workflow", "workflow"),
        ("unexpected_builder", "builder"),
    ],
)
def test_what_is_not_as_expected_breaks_the_link_it_is_about(code, broken):
    attest(Verdict.VERIFIED_UNEXPECTED, reasons=[[code, "this", "that"]])
    found = trace()

    assert [kind for kind, state in states(found).items() if state == "broken"] == [broken]
    assert "this, found that" in [fact.value for fact in link(found, LinkKind(broken)).facts]
    assert link(found, LinkKind(broken)).is_satisfied is False
    assert "verified" not in states(found).values()


def test_a_failed_verification_breaks_the_signature():
    attest(Verdict.FAILED, code="signature_invalid")

    assert states(trace())["signature"] == "broken"
    assert link(trace(), LinkKind.SIGNATURE).reasons == ("signature_invalid",)


def test_a_label_of_the_image_is_a_claim_where_nothing_better_is_known():
    labels = {
        "org.opencontainers.image.source": "https://github.com/shop/api",
        "org.opencontainers.image.revision": COMMIT,
    }
    config = encode(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
    )
    submit("shop", config)
    found = trace(digest_of(config))

    assert (states(found)["source"], states(found)["commit"]) == ("claimed", "claimed")
    assert link(found, LinkKind.SOURCE).facts[0].value == "https://github.com/shop/api"


def test_a_report_that_demands_reviews_is_a_claim_and_one_that_demands_none_breaks_the_link():
    attest(Verdict.VERIFIED_EXPECTED)
    submit("shop", scorecard(8))

    assert states(trace())["review"] == "claimed"
    assert link(trace(), LinkKind.REVIEW).proofs[0].pointer

    submit("shop", scorecard(0, date="2026-03-02"))

    assert states(trace())["review"] == "broken"


def test_another_teams_report_about_the_repository_is_not_told():
    attest(Verdict.VERIFIED_EXPECTED)
    submit("other", scorecard(8))

    assert states(trace(actor=member_of("shop")))["review"] == "missing"


def test_a_release_tag_that_was_at_two_images_breaks_the_tags_and_a_moving_one_does_not():
    report("shop", deployment(digest=OTHER, image="registry.example/shop:latest"))
    report("shop", deployment(digest=IMAGE, image="registry.example/shop:latest"))

    assert states(trace())["tags"] == "claimed"

    report("shop", deployment(digest=OTHER, image="registry.example/shop:1.0.0", workload="Deployment/b"))
    report("shop", deployment(digest=IMAGE, image="registry.example/shop:1.0.0", workload="Deployment/b"))

    assert states(trace())["tags"] == "broken"
    assert link(trace(), LinkKind.TAGS).reasons == ("tag_overwritten",)


def test_an_index_its_members_and_their_nodes_are_one_image_to_a_tag():
    index = image_index(IMAGE, OTHER)
    submit("shop", index)
    report(
        "shop",
        deployment(digest=digest_of(index), image="registry.example/shop:1.0.0"),
        deployment(digest=IMAGE, image="registry.example/shop:1.0.0", workload="Deployment/b"),
        deployment(digest=OTHER, image="registry.example/shop:1.0.0", workload="Deployment/c"),
    )

    assert {states(trace(one))["tags"] for one in (IMAGE, OTHER, digest_of(index))} == {"claimed"}


def test_a_strangers_artifact_is_not_there_and_a_strangers_claims_are_not_told():
    attest(Verdict.VERIFIED_EXPECTED)

    with pytest.raises(ArtifactNotFoundError):
        trace(actor=member_of("other"))

    report("other", deployment(digest=IMAGE, cluster="theirs"))

    assert states(trace(actor=member_of("other")))["source"] == "missing"


def test_a_trace_costs_the_same_statements_whatever_is_known(django_assert_num_queries):
    report("shop", deployment(digest=IMAGE))
    with django_assert_num_queries(7):
        trace()

    for _ in range(3):
        attest(None)
    submit("shop", scorecard(8))
    report("shop", *(deployment(digest=IMAGE, workload=f"Deployment/{n}", image="r.example/a:1.0") for n in range(9)))

    with django_assert_num_queries(7):
        trace()


def scorecard(score: int, *, date: str = "2026-03-01") -> bytes:
    """Write a scorecard of the repository with one check of its branches."""
    check = {"name": "Branch-Protection", "score": score, "reason": "branch rules", "details": None}
    return json.dumps(
        {
            "date": f"{date}T00:00:00Z",
            "repo": {"name": REPOSITORY, "commit": COMMIT},
            "scorecard": {"version": "v5.0.0", "commit": COMMIT},
            "score": float(score),
            "checks": [check],
        }
    ).encode()
