"""The product takes its own SBOM, and finds itself in it."""

from io import StringIO

from django.core.management import call_command

from tests.flows.client import Client
from tests.flows.conftest import KeyMaker

IMAGE = "sha256:" + "5" * 64


def test_the_products_own_sbom_is_applied_whole_and_answers_a_question(site: Client, new_key: KeyMaker) -> None:
    output = StringIO()
    call_command("own_sbom", stdout=output)
    pipeline = new_key("platform", "evidence:write", "inventory:read", "incidents:read")

    receipt = pipeline.upload(output.getvalue().encode(), artifact=IMAGE)
    answer = pipeline.post("/api/v1/impact", {"text": "pkg:pypi/click"}).json()

    assert (receipt["state"], receipt["warnings"], receipt["schema"]["valid"]) == ("applied", [], True)
    assert receipt["counts"]["components_without_purl"] == 0
    [row] = answer["rows"]
    assert row["artifact"]["digest"] == IMAGE
    assert len(row["matches"][0]["path"]) == 2
