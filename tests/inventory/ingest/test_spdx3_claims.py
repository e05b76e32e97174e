"""What an SPDX 3 document claims of origin and of vulnerabilities is kept with the artifact it is about."""

import json

import pytest

from inventory.models import ArtifactClaim, VexStatement
from tests.factories import submit
from tests.inventory.formats.test_spdx3 import graph, package, related
from tests.inventory.formats.test_spdx3_profiles import COMMIT, CVE, IMAGE, assessed, build

pytestmark = pytest.mark.django_db(transaction=True)


def document() -> bytes:
    app = package("app", software_packageUrl="pkg:npm/app@1", **IMAGE)
    output = related("build", "hasOutput", "app")
    return json.dumps(graph(app, build(), output, CVE, assessed("VexFixed", "app"))).encode()


def test_claims_and_statements_are_kept_once_however_often_they_come() -> None:
    submit("shop", document())
    submit("shop", document(), name="again")

    claims = set(ArtifactClaim.objects.values_list("artifact__digest", "claim", "value"))
    digest = "sha256:" + "a" * 64
    assert claims == {(digest, "source", "https://github.com/acme/shop"), (digest, "revision", COMMIT)}
    assert set(VexStatement.objects.values_list("vulnerability", "status")) == {("CVE-2026-1", "fixed")}
