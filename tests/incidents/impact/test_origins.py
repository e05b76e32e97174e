"""Questions by origin: repository, workflow, run, builder, signer, commit, account; proven, claimed, in a window."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.asking import read_body
from incidents.impact.answer import Impact, Row
from incidents.impact.assess import assess
from inventory.models import Artifact, Attestation, IndexMember
from inventory.models.verification import ReportedVerification, Verdict
from supplychain.access.actors import Actor
from tests.attested import COMMIT, REPOSITORY, bundle, encode, provenance, statement
from tests.factories import (
    SEES_ALL,
    START,
    cyclonedx,
    deployment,
    digest,
    digest_of,
    image_index,
    later,
    member_of,
    registry_event,
    report,
    submit,
)
from tests.judgements import IDENTITY, ISSUER, judge

pytestmark = pytest.mark.django_db(transaction=True)

API, WEB, BARE = digest("api"), digest("web"), digest("bare")
WORKFLOW = ".github/workflows/release.yml"
BUILDER = f"{REPOSITORY}/{WORKFLOW}@refs/heads/main"
RUN = f"{REPOSITORY}/actions/runs/1"
OF_API: dict[str, Any] = {
    "repository": "github.com/shop/api", "commit": COMMIT, "workflow_path": WORKFLOW, "builder_id": BUILDER,
    "run": f"{RUN}/attempts/1", "runner_environment": "github-hosted",
}  # fmt: skip
ASKED: dict[str, dict[str, Any]] = {
    "repository": {"url": "git@github.com:Shop/API.git"},
    "workflow": {"repository": REPOSITORY, "path": WORKFLOW},
    "run": {"url": RUN},
    "builder": {"id": BUILDER},
    "signer": {"issuer": ISSUER, "identity": IDENTITY},
    "commit": {"sha": COMMIT},
    "account": {"login": "shop"},
}


def ask(*items: dict[str, Any], actor: Actor = SEES_ALL, text: str = "", **members: Any) -> Impact:
    statuses = ["affected", "possible", "unknown", "cleared"]
    question = read_body({"indicators": list(items), "text": text, "statuses": statuses, **members})
    return assess(question, actor=actor, at=later(60))


def by(kind: str, **members: Any) -> dict[str, Any]:
    return {"kind": kind, **ASKED[kind], **members}


def statuses(impact: Impact) -> dict[str, str]:
    return {row.artifact.digest or "": row.status.value for row in impact.rows}


def row_of(impact: Impact, subject: str = API) -> Row:
    return next(row for row in impact.rows if row.artifact.digest == subject)


def attest(subject: str = API, *, team: str = "shop", predicate: Any = None, **more: Any) -> Attestation:
    made = statement(subject, predicate=predicate, **more)
    evidence = submit(team, encode(made))
    return Attestation.objects.get(sources__evidence=evidence)


def run(*subjects: str, team: str = "shop") -> None:
    for one in subjects:
        submit(team, cyclonedx("pkg:npm/left-pad@1.3.0", subject=one))
    report(team, *(deployment(digest=one, workload=f"Deployment/{one[7:15]}") for one in subjects))


def verified(subject: str = API, *, verdict: Verdict = Verdict.VERIFIED_EXPECTED, **found: Any) -> Attestation:
    """Attest, and judge it with what its certificate proves."""
    attestation = attest(subject)
    judge(attestation, verdict, **{**OF_API, **found})
    return attestation


@pytest.mark.parametrize("kind", ["repository", "workflow", "run", "builder", "signer", "commit"])
def test_what_a_certificate_proves_is_affected_and_says_where_it_stands(kind: str):
    run(API, WEB)
    verified()
    attest(WEB, predicate=provenance("https://github.com/shop/web", "d" * 40))
    impact = ask(by(kind))
    row = row_of(impact)

    assert (row.status.value, row.confidence, row.running) == ("affected", "high", True)
    assert row.matches[0].reason.endswith("as a verified signature proves")
    told = Attestation.objects.get(subjects__artifact__digest=API).sources.get()
    assert (row.matches[0].evidence, row.matches[0].pointer) == (told.evidence.public_id, told.pointer)
    assert [workload.name for workload in row.workloads] == [API[7:15]]
    assert statuses(impact).get(WEB) == ("unknown" if kind == "signer" else None)


@pytest.mark.parametrize("kind", ["repository", "workflow", "run", "builder", "commit"])
def test_what_only_a_payload_claims_is_possible(kind: str):
    run(API)
    attest()
    row = row_of(ask(by(kind)))

    assert (row.status.value, row.confidence) == ("possible", "low")
    assert "that nobody verified" in row.matches[0].reason


def test_a_payload_that_a_good_signature_signed_is_still_only_said():
    run(API)
    key = dict.fromkeys(OF_API, "") | {"issuer": "", "identity": "", "key_fingerprint": f"sha256:{'f' * 64}"}
    verified(verdict=Verdict.VERIFIED_UNEXPECTED, **key)

    said = row_of(ask(by("repository")))
    signed = row_of(ask({"kind": "signer", "key": "F" * 64}))

    assert (said.status.value, said.confidence) == ("possible", "medium")
    assert (signed.status.value, signed.confidence) == ("affected", "high")


def test_a_tampered_claim_never_clears_what_the_certificate_says():
    run(API)
    tampered = attest(predicate=provenance("https://github.com/mallory/api", "e" * 40))
    judge(tampered, Verdict.FAILED, code="source_mismatch", **OF_API, issuer=ISSUER, identity=IDENTITY)

    by_certificate = row_of(ask(by("repository")))
    by_claim = row_of(ask({"kind": "repository", "url": "github.com/mallory/api"}))
    another = ask({"kind": "repository", "url": "github.com/shop/other"})

    assert (by_certificate.status.value, by_certificate.confidence) == ("possible", "low")
    assert "a signature that failed" in by_certificate.matches[0].reason
    assert by_claim.status.value == "possible"
    assert statuses(another) == {API: "unknown"}, "a failed signature tells nothing"


@pytest.mark.parametrize("kind", ["repository", "workflow", "run", "builder", "signer", "commit"])
@pytest.mark.parametrize(
    ("signed", "status", "confidence"),
    [
        (-1, "cleared", "high"),
        (0, "affected", "high"),
        (59, "affected", "high"),
        (60, "cleared", "high"),
        (None, "possible", "medium"),
    ],
)
def test_a_window_is_held_against_the_time_of_the_signature(
    kind: str, signed: int | None, status: str, confidence: str
):
    run(API)
    verified(signed_at=None if signed is None else later(signed))
    window = {"from": START.isoformat(), "to": later(60).isoformat()}
    impact = ask(by(kind, **window))

    assert statuses(impact) == {API: status}
    assert row_of(impact).matches[0].confidence == confidence
    assert statuses(ask(by(kind))) == {API: "affected"}


def test_what_is_outside_the_window_is_cleared_only_where_it_runs_and_says_why():
    verified(signed_at=later(-10))
    asked = by("builder", **{"from": START.isoformat()})
    assert statuses(ask(asked)) == {}

    run(API)
    row = row_of(ask(asked))

    assert (row.status.value, row.running) == ("cleared", True)
    assert row.matches[0].reason.endswith("before the window")


def test_a_build_that_began_in_the_window_and_was_signed_behind_it_is_possible():
    run(API)
    started = provenance()
    started["runDetails"]["metadata"]["startedOn"] = later(59).isoformat()
    judge(attest(predicate=started), Verdict.VERIFIED_EXPECTED, **OF_API, signed_at=later(61))

    row = row_of(ask(by("workflow", to=later(60).isoformat())))

    assert (row.status.value, row.confidence) == ("possible", "medium")


def test_a_claimed_time_never_clears():
    run(API)
    early = provenance()
    early["runDetails"]["metadata"] |= {"startedOn": "2020-01-01T00:00:00Z", "finishedOn": "2020-01-01T00:10:00Z"}
    attest(predicate=early)

    assert statuses(ask(by("repository", **{"from": START.isoformat()}))) == {API: "possible"}


def test_one_signature_in_the_window_outweighs_one_before_it():
    run(API)
    verified(signed_at=later(-10))
    again = attest(predicate=provenance(more=1))
    judge(again, Verdict.VERIFIED_EXPECTED, **OF_API, signed_at=later(5))

    assert statuses(ask(by("signer", **{"from": START.isoformat()}))) == {API: "affected"}


def test_an_index_speaks_for_its_members_and_a_member_for_nobody_else():
    document = image_index(API, WEB)
    index = digest_of(document)
    submit("shop", document)
    run(API, WEB)
    verified(index)
    of_index = ask(by("repository"))

    assert statuses(of_index) == {index: "affected", API: "affected", WEB: "affected"}
    assert [(via.kind, via.digest) for via in row_of(of_index).via] == [("index", index)]

    judge(attest(API, predicate=provenance("https://github.com/shop/two")), Verdict.VERIFIED_EXPECTED,
          **{**OF_API, "repository": "github.com/shop/two"})  # fmt: skip
    assert statuses(ask({"kind": "repository", "url": "github.com/shop/two"})) == {API: "affected"}


def test_an_index_that_only_a_document_claims_makes_its_members_possible_and_clears_nobody():
    document = image_index(API)
    submit("shop", document)
    run(API)
    verified(digest_of(document), signed_at=later(-10))
    IndexMember.objects.update(is_proven=False)

    assert statuses(ask(by("builder")))[API] == "possible"
    cleared = ask(by("builder", **{"from": START.isoformat()}))
    assert statuses(cleared)[API] == "possible"


def test_the_builder_of_another_repository_belongs_to_that_repository_too():
    run(API)
    reusable = "https://github.com/Acme/build/.github/workflows/container.yml@refs/tags/v3"
    verified(builder_id=reusable)

    for asked in (
        {"kind": "repository", "url": "https://github.com/acme/build"},
        {"kind": "workflow", "repository": "github.com/acme/build", "path": ".github/workflows/container.yml"},
        {"kind": "builder", "id": reusable.partition("@")[0]},
    ):
        assert statuses(ask(asked)) == {API: "affected"}, asked
    assert statuses(ask({"kind": "repository", "url": "https://github.com/acme/buil"})) == {}
    assert statuses(ask({"kind": "builder", "id": f"{reusable}.1"})) == {}


def test_a_runner_narrows_a_builder():
    run(API)
    verified(runner_environment="self-hosted")

    assert statuses(ask(by("builder", runner="self-hosted"))) == {API: "affected"}
    assert statuses(ask(by("builder", runner="github-hosted"))) == {API: "possible"}, "the payload claims it"


def test_an_identity_is_its_issuers_and_a_pattern_must_be_all_of_it():
    run(API)
    verified()
    elsewhere = {"kind": "signer", "issuer": "https://accounts.example", "identity": IDENTITY}
    pattern = r"https://github\.com/shop/[a-z]+/\.github/workflows/release\.yml@refs/heads/main"

    assert statuses(ask(elsewhere)) == {}
    assert statuses(ask({"kind": "signer", "issuer": ISSUER, "identity_pattern": pattern})) == {API: "affected"}
    assert statuses(ask({"kind": "signer", "issuer": ISSUER, "identity_pattern": pattern[:-4]})) == {}


def test_a_signed_test_result_is_signed_by_its_signer_and_built_by_nobody():
    run(API)
    tested = "https://in-toto.io/attestation/test-result/v0.1"
    judge(
        attest(predicate={"result": "PASSED", "configuration": []}, predicate_type=tested),
        Verdict.VERIFIED_EXPECTED,
        **OF_API,
    )

    assert statuses(ask(by("signer"))) == {API: "affected"}
    assert statuses(ask(by("repository"))) == {API: "possible"}


def test_a_commit_by_its_beginning_and_of_one_repository():
    run(API)
    verified()

    assert statuses(ask({"kind": "commit", "sha": COMMIT[:7].upper()})) == {API: "affected"}
    assert statuses(ask(by("commit", repository="github.com/shop/api"))) == {API: "affected"}
    assert statuses(ask(by("commit", repository="github.com/shop/web"))) == {}
    assert statuses(ask({"kind": "commit", "sha": "d" * 40})) == {}


def test_a_beginning_that_several_commits_have_is_sure_of_none():
    run(API, WEB)
    verified()
    verified(WEB, commit=COMMIT[:10] + "d" * 30)
    impact = ask({"kind": "commit", "sha": COMMIT[:10]})

    assert statuses(impact) == {API: "possible", WEB: "possible"}
    assert "2 commits begin so" in row_of(impact).matches[0].reason


def test_an_account_is_whom_the_registry_names_who_signed_and_who_owns_the_repository():
    run(API, WEB, BARE)
    submit("shop", registry_event(API))
    verified(WEB, identity="ci@example.com", issuer="https://accounts.example", repository="github.com/ci/web")

    pushed = ask({"kind": "account", "login": "ci"})
    signed = ask({"kind": "account", "login": "ci@example.com"})

    assert statuses(pushed) == {API: "possible", WEB: "affected", BARE: "unknown"}
    assert statuses(signed) == {API: "unknown", WEB: "affected", BARE: "unknown"}
    assert "no evidence that is read" in str(pushed.header.asked.indicators[0].asked["note"])


@pytest.mark.parametrize("asked", [{"path": WORKFLOW}, {"path": f"/{WORKFLOW}@refs/tags/v1"}])
def test_a_workflow_by_its_path_alone_is_that_of_whatever_repository(asked: dict[str, Any]):
    run(API, WEB, BARE)
    verified()
    other = provenance("https://github.com/shop/web")
    other["buildDefinition"]["externalParameters"]["workflow"]["path"] = ".github/workflows/other.yml"
    other["runDetails"]["builder"]["id"] = f"https://github.com/acme/build/{WORKFLOW}@refs/tags/v3"
    attest(WEB, predicate=other)

    impact = ask({"kind": "workflow", **asked})
    elsewhere = ask({"kind": "workflow", "path": ".github/workflows/rel.yml"})

    assert statuses(impact) == {API: "affected", WEB: "possible", BARE: "unknown"}
    assert row_of(impact).matches[0].reason.startswith(f"built by the {WORKFLOW} of a repository")
    assert statuses(elsewhere) == {BARE: "unknown"}


def test_an_account_is_who_started_the_run_as_the_run_tells_however_it_is_written():
    run(API, WEB, BARE)
    started = provenance(REPOSITORY)
    started["buildDefinition"]["internalParameters"] = {"GITHUB_ACTOR": "Mallory"}
    attest(predicate=started)
    attest(WEB, predicate=provenance("https://github.com/shop/web"))

    impact = ask({"kind": "account", "login": "mallory"})

    assert statuses(impact) == {API: "possible", WEB: "unknown", BARE: "unknown"}
    assert "built by a run that mallory started" in row_of(impact).matches[0].reason


def test_what_runs_without_provenance_is_unknown_and_counted():
    run(API, WEB, BARE)
    verified()
    attest(WEB, predicate=provenance("https://github.com/shop/web"))
    impact = ask(by("repository"))
    coverage = impact.header.coverage.provenance

    assert statuses(impact) == {API: "affected", BARE: "unknown"}
    assert coverage is not None
    assert (coverage.verified_count, coverage.claimed_count, coverage.without_count) == (1, 1, 1)
    assert ask(text="left-pad@9").header.coverage.provenance is None


def test_a_signature_that_nobody_judged_yet_tells_nothing():
    run(API)
    submit("shop", encode(bundle(statement(API, predicate=provenance("https://github.com/shop/web")))))

    assert statuses(ask(by("repository"))) == {API: "unknown"}


def test_what_has_no_sbom_is_no_unknown_for_a_builder_and_stays_one_for_a_package():
    report("shop", deployment(digest=API))
    verified(signed_at=later(-10))
    asked = by("builder", **{"from": START.isoformat()})

    assert statuses(ask(asked)) == {API: "cleared"}
    assert statuses(ask(asked, text="left-pad@9")) == {API: "unknown"}


def test_what_a_package_clears_is_unknown_where_its_origin_is():
    run(API)

    assert statuses(ask(text="left-pad@9")) == {API: "cleared"}
    assert statuses(ask(by("builder"), text="left-pad@9")) == {API: "unknown"}


def test_labels_other_tools_and_package_names_say_a_repository_too():
    submit("shop", cyclonedx("pkg:golang/github.com/shop/api/v2@v2.0.1", subject=WEB))
    report("shop", deployment(digest=WEB))
    evidence = submit("shop", cyclonedx("pkg:npm/a@1", subject=BARE))
    ReportedVerification.objects.create(
        team=evidence.team, artifact=Artifact.objects.get(digest=BARE), evidence=evidence, position=0, pointer="/0",
        tool="gh", passed=True, repository="github.com/shop/api", reported_at=START,
    )  # fmt: skip
    impact = ask(by("repository"))

    assert statuses(impact) == {WEB: "possible", BARE: "possible"}
    assert row_of(impact, WEB).matches[0].purl == "pkg:golang/github.com/shop/api/v2@v2.0.1"
    assert row_of(impact, WEB).confidence == "medium"
    assert (row_of(impact, BARE).confidence, row_of(impact, BARE).matches[0].pointer) == ("low", "/0")


def test_a_strangers_attestation_answers_nobody_else():
    run(API)
    run(API, team="other")
    verified()
    other = member_of("other")

    for kind in ASKED:
        assert statuses(ask(by(kind), actor=other)).get(API) in {None, "unknown"}, kind
    assert statuses(ask(by("repository"), actor=other, teams=["shop"])) == {}
    coverage = ask(by("repository"), actor=other).header.coverage.provenance
    assert coverage is not None
    assert (coverage.verified_count, coverage.without_count) == (0, 1)


def test_the_same_question_twice_has_the_same_rows_and_each_line_its_counts():
    run(API)
    verified()
    attest()
    asked = by("repository"), by("builder", id="https://nobody.example"), by("commit")
    first, second = ask(*asked), ask(*asked)

    assert first.rows == second.rows
    counts = [(one.artifact_count, one.running_artifact_count) for one in first.header.asked.indicators]
    assert counts == [(1, 1), (0, 0), (1, 1)]
