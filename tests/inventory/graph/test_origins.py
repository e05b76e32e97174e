"""Repositories, workflows and builders, and what each of them made."""

from __future__ import annotations

import pytest

from inventory.graph.origins import MadeRow, OriginKind, OriginRow, list_made, list_origins
from inventory.models import Attestation
from inventory.models.verification import Verdict
from supplychain.access.actors import Actor
from tests.attested import bundle, encode, provenance, statement
from tests.factories import SEES_ALL, deployment, digest, member_of, report, submit
from tests.judgements import judge
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

FIRST, SECOND, OTHER = (digest(name) for name in ("first", "second", "other"))
SHOP, EVIL = "github.com/shop/api", "github.com/evil/api"


def origins(kind: OriginKind = OriginKind.REPOSITORY, *, actor: Actor = SEES_ALL, text: str = "") -> list[OriginRow]:
    return list(list_origins(kind, text=text, after="", limit=50, actor=actor).rows)


def made(name: str, *, kind: OriginKind = OriginKind.REPOSITORY, actor: Actor = SEES_ALL) -> list[MadeRow]:
    return list(list_made(kind, name=name, after="", limit=50, actor=actor).rows)


@pytest.fixture
def estate() -> None:
    for of in (FIRST, SECOND):
        submit("shop", encode(bundle(statement(of))))
    judge(Attestation.objects.earliest("pk"), Verdict.VERIFIED_EXPECTED, repository=SHOP)
    submit("shop", encode(statement(OTHER, predicate=provenance(f"https://{EVIL}"))))
    report("shop", deployment(digest=FIRST))


def test_each_repository_is_told_with_what_it_made_what_is_verified_and_what_runs(estate):
    evil, shop = origins()

    assert (evil.name, evil.artifact_count, evil.verified_artifact_count) == (EVIL, 1, 0)
    assert (shop.name, shop.attestation_count, shop.artifact_count) == (SHOP, 2, 2)
    assert (shop.verified_artifact_count, shop.running_artifact_count) == (1, 1)


def test_workflows_and_builders_are_told_by_their_own_names(estate):
    assert [row.name for row in origins(OriginKind.WORKFLOW, text="SHOP")] == [f"{SHOP}/.github/workflows/release.yml"]
    assert f"https://{SHOP}/.github/workflows/release.yml@refs/heads/main" in [
        row.name for row in origins(OriginKind.BUILDER)
    ]


def test_a_certificate_stands_before_what_the_payload_says(estate):
    judge(Attestation.objects.latest("pk"), Verdict.VERIFIED_UNEXPECTED, repository="github.com/real/api")

    assert [row.name for row in origins()] == ["github.com/real/api", SHOP]


def test_what_a_repository_made_is_listed_with_its_verdict(estate):
    found = {row.digest: (row.origin.verdict, row.workload_count) for row in made(SHOP)}

    assert found == {FIRST: (Verdict.VERIFIED_EXPECTED, 1), SECOND: (Verdict.UNSUPPORTED, 0)}
    assert made("github.com/no/body") == []


def test_another_teams_attestations_are_not_told(estate):
    assert origins(actor=member_of("other")) == []
    assert made(SHOP, actor=member_of("other")) == []


def test_the_statements_do_not_grow(estate, django_assert_num_queries):
    with django_assert_num_queries(1):
        origins()
    with django_assert_num_queries(3):
        made(SHOP)


def test_api_and_pages_tell_the_same(estate):
    sender = client_of(new_key("inventory:read", team="shop"))
    listed = sender.get("/api/v1/repositories?q=shop").json()["results"]
    told = sender.get(f"/api/v1/made?kind=repository&name={SHOP}").json()["results"]
    person = signed_in(make_user("alice", team="shop"))

    assert [row["name"] for row in listed] == [SHOP]
    assert {row["provenance"]["verdict"] for row in told} == {"verified_expected", "unsupported"}
    assert SHOP in person.get("/repositories").content.decode()
    assert FIRST in person.get(f"/repositories?name={SHOP}").content.decode()
    assert sender.get("/api/v1/made?kind=repository").status_code == 400
