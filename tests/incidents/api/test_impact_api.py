"""The incident question over HTTP: the shape of the answer, who may ask, pages, CSV."""

from __future__ import annotations

import csv
import io
import json
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.models import ImpactPage
from supplychain.access.models import AuditEvent, Membership
from tests.factories import START, cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import client_of, make_team, make_user, new_key, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

SHOP, OLD, MYSTERY = digest("shop"), digest("old"), digest("mystery")
BAD = "pkg:npm/lodash@4.17.20"
COUNTED = ["artifact_count", "running_artifact_count", "workload_count", "namespace_count", "cluster_count"]


@pytest.fixture
def estate() -> None:
    """One affected digest that runs, one with a version that is not asked for, one that no SBOM describes."""
    dependencies = {"root": ["pkg:npm/express@4.0.0"], "pkg:npm/express@4.0.0": [BAD]}
    document = cyclonedx("pkg:npm/express@4.0.0", BAD, subject=SHOP, dependencies=dependencies)
    submit("shop", document)
    submit("shop", cyclonedx("pkg:npm/lodash@4.17.21", subject=OLD, name="registry.example/old:1.0"))
    report(
        "shop",
        deployment(digest=SHOP, image="registry.example/shop:1.0", environment="production", service="checkout"),
        deployment(digest=OLD, workload="Deployment/old", namespace="back"),
        deployment(digest=MYSTERY, workload="Deployment/mystery"),
        deployment(image="registry.example/tag-only:1", workload="Deployment/tag-only"),
    )


def client(team: str = "shop", *scopes: str) -> Client:
    return client_of(new_key(*(scopes or ("incidents:read",)), team=team))


def ask(sender: Client | None = None, **body: Any) -> Any:
    return (sender or client()).post("/api/v1/impact", json.dumps(body), content_type="application/json")


def answer(sender: Client | None = None, **body: Any) -> dict[str, Any]:
    response = ask(sender, **body)
    assert response.status_code == 200, response.content[:1000]
    value: dict[str, Any] = json.loads(response.content)
    return value


# --- The shape -----------------------------------------------------------------------------------------------------


def test_the_answers_keys_stand_in_the_order_of_the_contract(estate: None):
    value = answer(text=BAD)

    assert list(value) == [
        "asked", "data_as_of", "replica", "backlog", "coverage", "feeds", "builds", "summary", "clusters", "rows",
        "next", "hash",
    ]  # fmt: skip
    assert list(value["asked"])[:4] == ["indicators", "at", "from", "to"]
    assert list(value["asked"]["indicators"][0]) == [
        "line", "given", "kind", "purl", "name", "range", "package_versions", "artifact_count",
        "running_artifact_count", "workload_count", "problem",
    ]  # fmt: skip
    assert list(value["backlog"]) == ["evidence_count", "oldest_received_at", "quarantined_count"]
    assert list(value["coverage"]) == [
        "running_artifact_count", "sbom_complete_count", "sbom_partial_count", "without_sbom_count",
        "containers_without_digest_count", "sbom_without_digest_count", "index_unresolved_count",
        "unmapped_service_count", "ecosystems", "clusters", "provenance", "publisher_unknown_count",
    ]  # fmt: skip
    assert list(value["summary"]) == ["affected", "possible", "cleared", "unknown", "build_exposure"]
    assert {tuple(counted) for counted in value["summary"].values()} == {tuple(COUNTED)}


def test_a_rows_keys_stand_in_the_order_of_the_contract(estate: None):
    (row,) = answer(text=BAD)["rows"]

    assert list(row) == [
        "artifact", "status", "effect", "running", "matches", "via", "provenance", "workloads", "vex", "confidence"
    ]  # fmt: skip
    assert list(row["artifact"]) == ["digest", "names", "kind"]
    assert list(row["matches"][0]) == [
        "indicator", "purl", "evidence", "pointer", "path", "direct", "confidence", "reason"
    ]  # fmt: skip
    assert list(row["provenance"]) == [
        "verdict", "slsa_build_level", "builder", "repository", "commit", "workflow", "signer", "reasons"
    ]  # fmt: skip
    assert list(row["workloads"][0]) == [
        "cluster", "environment", "namespace", "kind", "name", "container", "service", "team", "running_since",
        "last_seen_at", "ended_at",
    ]  # fmt: skip


def test_the_answer_says_what_matched_out_of_what_and_what_is_unknown(estate: None):
    value = answer(text=f"# from the vendor\n{BAD}")

    (indicator,) = value["asked"]["indicators"]
    assert (indicator["line"], indicator["given"], indicator["purl"]) == (2, BAD, "pkg:npm/lodash")
    assert (indicator["package_versions"], indicator["problem"]) == (["4.17.20"], None)
    assert (indicator["artifact_count"], indicator["running_artifact_count"], indicator["workload_count"]) == (1, 1, 1)
    summary = {status: counted["artifact_count"] for status, counted in value["summary"].items()}
    assert summary == {"affected": 1, "possible": 0, "cleared": 1, "unknown": 1, "build_exposure": 0}
    coverage = value["coverage"]
    assert (coverage["running_artifact_count"], coverage["without_sbom_count"]) == (3, 1)
    assert coverage["containers_without_digest_count"] == 1
    assert value["clusters"] == [
        {"cluster": "prod-eu", "environment": "production", "namespaces": [{"namespace": "shop", "workload_count": 1}]}
    ]


def test_a_row_names_artifact_path_and_workload(estate: None):
    (row,) = answer(text=BAD)["rows"]

    assert (row["artifact"]["digest"], row["status"], row["effect"], row["running"]) == (
        SHOP,
        "affected",
        "runtime",
        True,
    )
    (match,) = row["matches"]
    assert (match["indicator"], match["purl"], match["direct"]) == (0, BAD, False)
    assert match["path"] == ["pkg:npm/express@4.0.0", BAD]
    (workload,) = row["workloads"]
    assert (workload["name"], workload["service"], workload["team"]) == ("api", "checkout", "shop")
    assert (workload["running_since"], workload["ended_at"]) == ("2026-03-01T12:00:00Z", None)


def test_other_statuses_come_by_asking_and_in_their_order(estate: None):
    rows = answer(text=BAD, statuses=["cleared", "unknown", "possible", "affected"])["rows"]

    assert [(row["status"], row["artifact"]["digest"]) for row in rows] == [
        ("affected", SHOP), ("unknown", MYSTERY), ("cleared", OLD)
    ]  # fmt: skip


def test_an_indicator_nobody_can_answer_is_shown_and_does_not_count_as_no_match(estate: None):
    value = answer(text=f"CVE-2021-44228\nsome prose here\n{BAD}")

    advisory, prose, package = value["asked"]["indicators"]
    assert (advisory["kind"], advisory["id"]) == ("advisory", "CVE-2021-44228")
    assert "nobody looked for it" in advisory["problem"]
    assert (prose["kind"], prose["line"]) == ("unreadable", 2)
    assert (package["problem"], package["artifact_count"]) == (None, 1)
    assert value["rows"][0]["matches"][0]["indicator"] == 2


def test_the_short_form_answers_the_same(estate: None):
    sender = client()
    long = answer(sender, text=BAD, environments=["production"])

    short = sender.get("/api/v1/impact", {"q": BAD, "environment": "production"}).json()

    assert short["rows"] == long["rows"]
    assert short["asked"] == long["asked"]


def test_asking_leaves_an_audit_line_and_nothing_else(estate: None):
    value = answer(text=BAD)

    event = AuditEvent.objects.order_by("-pk")[0]
    assert event.action == "impact.asked"
    assert value["hash"] in json.dumps(event.details if hasattr(event, "details") else event.body, default=str)
    assert not ImpactPage.objects.exists()


# --- Who may ask ---------------------------------------------------------------------------------------------------


def test_a_stranger_is_refused():
    assert ask(Client(), text=BAD).status_code == 401
    refused = ask(client("shop", "inventory:read"), text=BAD)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


def test_a_person_whose_browser_answers_a_proxy_too_is_known_by_their_session(estate: None):
    sender = signed_in(make_user("bob", team="shop"))

    response = sender.post(
        "/api/v1/impact",
        json.dumps({"text": BAD}),
        content_type="application/json",
        headers={"Authorization": "Basic cHJveHk6YXNrZWQ="},
    )

    assert response.status_code == 200
    assert SHOP in {row["artifact"]["digest"] for row in response.json()["rows"]}


def test_another_teams_digest_answers_like_one_that_does_not_exist(estate: None):
    stranger = client("stranger")

    theirs, missing = (answer(stranger, text=text) for text in (SHOP, digest("nobody has this")))

    for value in (theirs, missing):
        del value["hash"], value["data_as_of"], value["asked"]["indicators"][0]["given"]
        del value["asked"]["indicators"][0]["digest"]
    assert theirs == missing
    assert theirs["summary"]["affected"]["artifact_count"] == 0


def test_another_teams_package_is_not_found(estate: None):
    value = answer(client("stranger"), text=BAD, statuses=["affected", "possible", "unknown", "cleared"])

    assert value["rows"] == []
    assert value["coverage"]["running_artifact_count"] == 0
    assert value["coverage"]["ecosystems"] == {}
    assert value["coverage"]["clusters"] == []
    assert {counted["artifact_count"] for counted in value["summary"].values()} == {0}


# --- Refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"text": BAD, "query": 1}, "/query", "unknown_field"),
        ({"indicators": [{"kind": "package", "purl": "npm"}]}, "/indicators/0/purl", "bad_purl"),
        ({"text": ""}, "/text", "nothing_asked"),
        ({"text": BAD, "at": "now"}, "/at", "bad_time"),
    ],
)
def test_a_question_nobody_can_ask_is_refused_with_its_places(body: dict[str, Any], pointer: str, code: str):
    response = ask(**body)

    assert (response.status_code, response.json()["code"]) == (400, "bad_question")
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [(pointer, code)]


def test_a_text_of_too_many_things_is_refused():
    response = ask(text="a@1\n" * 20_001)

    assert (response.status_code, response.json()["code"]) == (400, "question_too_large")


def test_an_unknown_parameter_is_refused():
    response = client().get("/api/v1/impact", {"q": BAD, "limits": "1"})

    assert (response.status_code, response.json()["code"]) == (400, "unknown_parameter")


@pytest.mark.parametrize(
    "text", ["foo\x00bar@1.0", "foo@1.0\x00", "'; DROP TABLE x; --", "%_%", "\ud800@1", "a" * 10_000]
)
def test_no_text_breaks_the_question(text: str):
    response = ask(text=text)

    assert response.status_code in (200, 400)


# --- Pages ---------------------------------------------------------------------------------------------------------


def many(count: int) -> None:
    for number in range(count):
        submit("shop", cyclonedx(BAD, subject=digest(f"app{number}"), name=f"registry.example/app{number}:1.0"))


def test_pages_hold_every_row_once_under_one_hash(estate: None):
    many(4)
    sender = client()
    whole = answer(sender, text=BAD)

    pages = [answer(sender, text=BAD, limit=2)]
    while pages[-1]["next"] is not None:
        pages.append(answer(sender, text=BAD, limit=2, cursor=pages[-1]["next"]))

    assert [len(page["rows"]) for page in pages] == [2, 2, 1]
    assert [row for page in pages for row in page["rows"]] == whole["rows"]
    first = pages[0]
    for page in pages[1:]:
        assert {**page, "rows": [], "next": None} == {**first, "rows": [], "next": None}


def test_rows_that_arrive_meanwhile_shift_nothing(estate: None):
    many(2)
    sender = client()
    first = answer(sender, text=BAD, limit=2)
    submit("shop", cyclonedx(BAD, subject=digest("newcomer")))
    report("shop", deployment(digest=digest("newcomer"), workload="Deployment/newcomer"))

    second = answer(sender, text=BAD, limit=2, cursor=first["next"])

    seen = [row["artifact"]["digest"] for row in first["rows"] + second["rows"]]
    assert sorted(seen) == sorted([SHOP, digest("app0"), digest("app1")])


@pytest.mark.parametrize("how", ["expired", "other question", "other asker", "earlier release", "nonsense"])
def test_a_cursor_of_an_answer_that_is_gone_is_refused(estate: None, how: str):
    many(2)
    sender = client()
    cursor = answer(sender, text=BAD, limit=2)["next"]
    text = BAD
    if how == "expired":
        ImpactPage.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "other question":
        text = "pkg:npm/lodash"
    elif how == "other asker":
        sender = client()
    elif how == "earlier release":
        ImpactPage.objects.update(header={"header": {}, "counts": ""}, statuses=zlib.compress(b"\1"))
    else:
        cursor = "nonsense"

    response = ask(sender, text=text, limit=2, cursor=cursor)

    assert (response.status_code, response.json()["code"]) == (410, "cursor_expired")


def test_who_has_left_a_team_reads_no_further_in_what_they_saw_of_it(estate: None):
    many(2)
    alice = make_user("alice", team="shop")
    sender = signed_in(alice)
    cursor = answer(sender, text=BAD, limit=2)["next"]
    Membership.objects.filter(user=alice).update(team=make_team("other"))

    response = ask(sender, text=BAD, limit=2, cursor=cursor)

    assert (response.status_code, response.json()["code"]) == (410, "cursor_expired")


def test_an_answer_to_somebody_with_the_longest_name_has_pages(estate: None):
    many(2)
    sender = signed_in(make_user("a" * 150, team="shop"))

    first = answer(sender, text=BAD, limit=2)

    assert answer(sender, text=BAD, limit=2, cursor=first["next"])["hash"] == first["hash"]


# --- CSV -----------------------------------------------------------------------------------------------------------


def as_csv(**body: Any) -> list[dict[str, str]]:
    response = client().post(
        "/api/v1/impact", json.dumps(body), content_type="application/json", headers={"Accept": "text/csv"}
    )
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert "\r\n" in text
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_line_a_row_match_and_workload(estate: None):
    (line,) = as_csv(text=BAD)

    assert (line["status"], line["digest"], line["purl"]) == ("affected", SHOP, BAD)
    assert (line["cluster"], line["namespace"], line["workload"]) == ("prod-eu", "shop", "api")
    assert line["running_since"] == START.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\tx"])
def test_no_cell_of_the_csv_is_a_formula(name: str):
    submit("shop", cyclonedx(BAD, subject=SHOP))
    report("shop", deployment(digest=SHOP, service=name, container="app"))

    lines = as_csv(text=BAD)

    assert lines
    for line in lines:
        assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line.values())


def test_csv_of_no_match_is_its_heading(estate: None):
    assert as_csv(text="pkg:npm/nobody-has-this") == []
