"""The provenance block of an answer's rows: what may be believed of where each artifact comes from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.attested import COMMIT, REPOSITORY, bundle, encode, statement
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db(transaction=True)

SHOP, BARE = digest("shop"), digest("bare")
BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture(autouse=True)
def estate() -> None:
    for image in (SHOP, BARE):
        submit("shop", cyclonedx(BAD, subject=image))
    report("shop", deployment(digest=SHOP), deployment(digest=BARE, workload="Deployment/bare"))


def provenance(of: str) -> dict[str, Any]:
    sender = client_of(new_key("incidents:read", team="shop"))
    answer = sender.post("/api/v1/impact", json.dumps({"text": BAD}), content_type="application/json")
    rows = {row["artifact"]["digest"]: row["provenance"] for row in json.loads(answer.content)["rows"]}
    found: dict[str, Any] = rows[of]
    return found


def test_a_claim_is_told_as_one_and_a_digest_without_any_says_so():
    submit("shop", encode(statement(SHOP)))

    assert provenance(SHOP) == {
        "verdict": "unsigned_claim",
        "slsa_build_level": 1,
        "builder": f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main",
        "repository": "github.com/shop/api",
        "commit": COMMIT,
        "workflow": ".github/workflows/release.yml",
        "signer": None,
        "reasons": [],
    }
    assert (provenance(BARE)["verdict"], provenance(BARE)["reasons"]) == ("none", ["no_attestation"])


def test_a_signature_that_nobody_judged_is_no_pass():
    submit("shop", encode(bundle(statement(SHOP))))

    assert (provenance(SHOP)["verdict"], provenance(SHOP)["reasons"]) == ("unsupported", ["not_verified"])


def test_another_teams_attestation_is_not_told():
    submit("other", encode(statement(SHOP)))

    assert provenance(SHOP)["verdict"] == "none"
