"""The page of a document says what was understood of it, by its kind, and leads from each defect to its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from inventory.graph import reading_again
from inventory.models import EvidenceBlob, EvidenceState
from tests.factories import (
    apply_waiting,
    cyclonedx,
    deployment,
    digest,
    image_index,
    image_manifest,
    report,
    snapshot,
    store,
    submit,
)

pytestmark = pytest.mark.django_db

APP = digest("shop")
A, B = "pkg:npm/express@4.18.2", "pkg:npm/lodash@4.17.21"
DATA = Path(__file__).parents[2] / "data"


def page(browser: Any, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.content[:300]
    return str(answer.content.decode())


def receipt(browser: Any, data: bytes, **parameters: Any) -> str:
    return page(browser, f"/evidence/{submit('team-a', data, **parameters).public_id}")


def test_an_sbom_says_from_which_place_its_digest_came(member):
    html = receipt(member, cyclonedx(A, subject=APP))

    assert "/metadata/component/version" in html
    assert "syft" in html


def test_an_sbom_says_that_the_request_gave_its_digest(member):
    html = receipt(member, cyclonedx(A), artifacts=[APP])

    assert "the request's <code>artifact</code>" in html


def test_an_sbom_without_digest_says_that_it_is_never_running(member):
    assert "never counted as running" in receipt(member, cyclonedx(A))


def test_the_counts_of_an_sbom_add_up(member):
    broken = {"name": "", "version": "1"}
    html = receipt(member, cyclonedx(A, B, {"name": "again", "purl": A}, broken, subject=APP))

    assert "4 listed = 3 stored + 1 rejected" in html
    assert "3 stored + 0 inside the subject = 2 distinct + 1 merged" in html


@pytest.mark.parametrize(
    "name", ["cyclonedx/syft-image", "cyclonedx/trivy-image", "spdx/syft-image", "spdx/trivy-image"]
)
def test_documents_of_common_tools_show_their_tree(member, name: str):
    evidence = submit("team-a", (DATA / f"{name}.json").read_bytes())

    html = page(member, f"/evidence/{evidence.public_id}")

    assert 'class="tree"' in html
    assert name.split("/")[1].split("-", maxsplit=1)[0] in html
    assert page(member, f"/evidence/{evidence.public_id}/tree?node=0")


def test_every_warning_of_a_document_leads_to_a_page(member):
    odd: list[dict[str, Any]] = [
        {"name": "x", "purl": "pkg:nothing"},
        {"name": ""},
        {"name": "y", "hashes": [{"alg": "MD5", "content": "z"}]},
    ]
    evidence = submit("team-a", cyclonedx(*odd, subject=APP))
    warnings = EvidenceState.objects.get(pk=evidence.pk).warnings

    shown = [member.get(f"/evidence/{evidence.public_id}/tree", {"at": one["pointer"]}) for one in warnings]

    assert {one["code"] for one in warnings} >= {"bad_purl", "bad_name", "bad_hash"}
    assert {answer.status_code for answer in shown} == {200}


def test_a_component_that_was_rejected_is_shown_as_it_is_written(member):
    evidence = submit("team-a", cyclonedx(A, {"name": "", "version": "77.1"}, subject=APP))

    html = page(member, f"/evidence/{evidence.public_id}/tree?at=/components/1/name")

    assert "No component here" in html
    assert page(member, f"/evidence/{evidence.public_id}/tree?at=/components/1").count("77.1")


def test_a_component_at_its_place_has_what_the_document_says_of_it(member):
    detailed = {"name": "tool", "version": "1", "bom-ref": "tool", "cpe": "cpe:2.3:a:acme:tool:1:*:*:*:*:*:*:*",
                "hashes": [{"alg": "SHA-256", "content": "a" * 64}]}  # fmt: skip
    evidence = submit(
        "team-a", cyclonedx(A, B, detailed, subject=APP, dependencies={"root": [A], A: ["tool", B], B: ["tool"]})
    )

    html = page(member, f"/evidence/{evidence.public_id}/tree?node=2")

    assert "cpe:2.3:a:acme:tool:1" in html
    assert "a" * 64 in html
    needed_by = html[html.index("Needed by") : html.index("Needs")]
    assert "express" in needed_by
    assert "lodash" in needed_by
    assert "/components/2" in html


def test_of_a_large_document_the_tree_is_shown_and_its_bytes_are_not_read(member, monkeypatch):
    monkeypatch.setattr(reading_again, "MAX_BYTES", 10)
    evidence = submit("team-a", cyclonedx(A, B, subject=APP, dependencies={"root": [A], A: [B]}))

    html = page(member, f"/evidence/{evidence.public_id}/tree?node=1")

    assert "lodash" in html
    assert "this one is to be had raw" in html


def test_broken_bytes_leave_the_page_of_a_component_standing(member):
    evidence = submit("team-a", cyclonedx(A, B, subject=APP))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        EvidenceBlob.objects.filter(pk=evidence.blob_id).update(data=b"\x00" * 20)
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert "lodash" in page(member, f"/evidence/{evidence.public_id}/tree?node=1")


def test_a_part_of_the_tree_comes_alone(member):
    evidence = submit("team-a", cyclonedx(A, B, subject=APP, dependencies={"root": [A], A: [B]}))

    answer = member.get(f"/evidence/{evidence.public_id}/tree?node=0", headers={"HX-Request": "true"})

    assert b"<html" not in answer.content
    assert b"lodash" in answer.content


def test_the_tree_is_searched(member):
    evidence = submit("team-a", cyclonedx(A, B, subject=APP))

    assert "/components/1" in page(member, f"/evidence/{evidence.public_id}/tree?q=lodash")
    assert "No component of this document" in page(member, f"/evidence/{evidence.public_id}/tree?q=zzz")


@pytest.mark.parametrize("query", ["way=sideways", "node=x", "cursor=made-up", "part=other"])
def test_what_the_tree_cannot_understand_is_refused(member, query: str):
    evidence = submit("team-a", cyclonedx(A, subject=APP))

    assert member.get(f"/evidence/{evidence.public_id}/tree?{query}").status_code == 400


def test_a_stranger_sees_no_tree(stranger):
    evidence = submit("team-a", cyclonedx(A, subject=APP))

    assert stranger.get(f"/evidence/{evidence.public_id}/tree").status_code == 404


def test_an_image_document_shows_its_platforms(member):
    html = receipt(member, image_index(digest("amd"), digest("arm")))

    assert "linux/amd64" in html
    assert digest("arm") in html
    assert digest("config") in receipt(member, image_manifest(digest("config")))


def test_a_report_shows_its_containers(member):
    evidence = report(
        "team-a", deployment(digest=APP, image="registry.example/shop:1"), deployment(container="b", image="x:1")
    )

    html = page(member, f"/evidence/{evidence.public_id}")

    assert "registry.example/shop:1" in html
    assert "1 container; what runs there is unknown" in html
    assert "no: it is no snapshot" in html


def test_what_a_workload_declares_is_shown_apart_from_what_runs(member):
    template = {"spec": {"containers": [{"name": "app", "image": "registry.example/declared:1"}]}}
    body = {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "api"}, "spec": {"template": template}}
    html = receipt(member, json.dumps(body).encode(), cluster="prod-eu")

    assert "Declared, not running" in html
    assert "registry.example/declared:1" in html
    assert "/spec/template/spec/containers/0" in html


def test_a_snapshot_says_what_it_ends(member):
    evidence = snapshot("team-a", deployment(digest=APP))

    assert "in the namespaces *" in page(member, f"/evidence/{evidence.public_id}")


def test_a_rejected_document_shows_what_stands_where_it_failed(member):
    document = json.loads(cyclonedx(A, subject=APP))
    document["specVersion"] = "9.9"
    evidence = store("team-a", json.dumps(document).encode())
    apply_waiting()

    html = page(member, f"/evidence/{evidence.public_id}")

    assert "What stands there" in html
    assert "9.9" in html


def test_what_an_older_version_applied_still_has_a_page(member):
    evidence = submit("team-a", cyclonedx(A, subject=APP))
    EvidenceState.objects.filter(pk=evidence.pk).update(understood={}, counts={"components": 1})

    assert "was not recorded" in page(member, f"/evidence/{evidence.public_id}")


def test_the_page_of_a_document_costs_few_statements(member, django_assert_max_num_queries):
    evidence = submit("team-a", cyclonedx(*(f"pkg:npm/p@{number}" for number in range(200)), subject=APP))

    with django_assert_max_num_queries(6):
        member.get(f"/evidence/{evidence.public_id}")
    with django_assert_max_num_queries(10):
        member.get(f"/evidence/{evidence.public_id}/tree?node=7")
