"""Where nothing is known, every page and answer says what is unknown, and none that anybody is safe."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import opened, read
from tests.supplychain.actors import make_user, signed_in
from tests.wording import wordings_of_safety

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

ASKED = "pkg:npm/never-heard-of@6.6.6"


@pytest.fixture
def rita() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


def blind() -> None:
    """Let run what nobody described: a digest without SBOM, a container without digest."""
    report(
        "shop",
        deployment(digest=digest("mystery"), workload="Deployment/mystery", service="mystery"),
        deployment(image="registry.example/tag-only:1", workload="Deployment/tag-only"),
    )


def page(client: Client, path: str, **query: Any) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content[:500]
    text = answer.content.decode()
    assert wordings_of_safety(text) == [], path
    return text


def test_the_answer_of_an_empty_estate_says_out_of_how_little_it_was_given(rita: Client):
    answer = rita.post("/api/v1/impact", json.dumps({"text": ASKED}), content_type="application/json").json()

    assert answer["coverage"]["running_artifact_count"] == 0
    assert answer["coverage"]["clusters"] == []
    html = page(rita, "/impact", q=ASKED)
    assert "That is not the same as not affected" in html
    assert "No cluster has reported" in html


def test_what_runs_undescribed_is_unknown_and_counted_as_such(rita: Client):
    blind()
    body = {"text": ASKED, "statuses": ["affected", "possible", "unknown", "cleared"]}

    answer = rita.post("/api/v1/impact", json.dumps(body), content_type="application/json").json()

    assert [(row["artifact"]["digest"], row["status"]) for row in answer["rows"]] == [(digest("mystery"), "unknown")]
    coverage = answer["coverage"]
    assert (coverage["without_sbom_count"], coverage["containers_without_digest_count"]) == (1, 1)
    assert wordings_of_safety(json.dumps(answer)) == []
    html = page(rita, "/impact", q=ASKED)
    assert "1 running artifact without SBOM and 1 container without digest could not be looked into" in html


def test_an_incident_about_what_nobody_knows_is_recovered_by_nothing_and_says_what_is_unknown(rita: Client):
    blind()
    incident = opened(rita, text=ASKED)

    html = page(rita, f"/incidents{incident}")

    assert read(rita, f"{incident}/queries/1")["summary"]["unknown"]["artifact_count"] == 1
    assert "Unknown" in html
    assert "without SBOM" in html
    for path in ("/", "/incidents", "/artifacts", "/workloads", "/clusters", "/ops"):
        page(rita, path)


def test_an_indicator_that_nobody_can_answer_is_a_problem_and_not_a_zero(rita: Client):
    answer = rita.post("/api/v1/impact", json.dumps({"text": "CVE-2026-99999"}), content_type="application/json").json()

    (asked,) = answer["asked"]["indicators"]
    assert asked["problem"]
    html = page(rita, "/impact", q="CVE-2026-99999")
    assert "were not asked" in html or "was not asked" in html


def test_who_sees_no_part_of_it_is_told_that_the_numbers_are_a_part(rita: Client):
    submit("shop", cyclonedx("pkg:npm/a@1", subject=digest("one")))
    report("shop", deployment(digest=digest("one"), service="one"))
    incident = opened(rita, text="pkg:npm/a@1")
    mia = signed_in(make_user("mia", team="shop", role="member"))

    html = page(mia, f"/incidents{incident}")

    assert "These numbers count the part of your teams alone" in html


def test_the_pack_says_of_an_empty_answer_what_it_does_not_prove(rita: Client):
    blind()
    incident = opened(rita, text=ASKED)

    sent = rita.post(f"/incidents{incident}/export")

    pack = zipfile.ZipFile(io.BytesIO(sent.getvalue()))

    for name in pack.namelist():
        if not name.endswith((".json", ".jsonl", ".md", ".txt", ".csv")):
            continue
        assert wordings_of_safety(pack.read(name).decode()) == [], name
