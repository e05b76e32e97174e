"""The rows of a kept answer: narrowed by class and place, a page at a time, and taken away as CSV as they are shown."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from incidents.models import Incident
from incidents.views.narrowing import PAGE_ROWS
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def rita() -> Client:
    for team, service, cluster in (("team-a", "checkout", "eu"), ("team-b", "ledger", "us")):
        submit(team, cyclonedx(BAD, subject=digest(service), name=f"registry.example/{service}:1"))
        report(team, deployment(digest=digest(service), service=service, cluster=cluster, namespace=f"{service}-ns"))
    report("team-a", deployment(digest=digest("ledger"), cluster="eu", workload="Deployment/odd", namespace="odd"))
    client = signed_in(make_user("rita", organisation="responder"))
    assert client.post("/incidents", {"q": BAD, "title": "lodash", "severity": "high"}).status_code == 303
    return client


@pytest.fixture
def address(rita: Client) -> str:
    return f"/incidents/{Incident.objects.get().public_id}"


def rows(client: Client, path: str) -> str:
    html = client.get(path).content.decode()
    return html[html.index('id="rows"') :]


def lines(client: Client, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.parametrize(("query", "found"), [
    ("", {("checkout", "eu"), ("ledger", "us"), ("", "eu")}),
    ("cluster=us", {("ledger", "us")}),
    ("team=team-a", {("checkout", "eu"), ("", "eu")}),
    ("namespace=checkout-ns", {("checkout", "eu")}),
    ("service=(none)", {("", "eu")}),
    ("status=possible", set()),
    ("status=affected&cluster=eu&service=checkout", {("checkout", "eu")}),
])  # fmt: skip
def test_rows_are_narrowed_to_what_runs_there_on_the_page_and_in_the_file(
    rita: Client, address: str, query: str, found: set[tuple[str, str]]
):
    shown = rows(rita, f"{address}?{query}")

    assert {(one["service"], one["cluster"]) for one in lines(rita, f"{address}/queries/1/csv?{query}")} == found
    assert (digest("checkout") in shown) is bool({("checkout", "eu")} & found)
    assert (digest("ledger") in shown) is bool({("ledger", "us"), ("", "eu")} & found)
    assert ("No row fits this filter" in shown) is (not found)


def test_htmx_gets_the_rows_alone_and_the_page_goes_on_following_them(rita: Client, address: str):
    part = rita.get(f"{address}?cluster=us", headers={"HX-Request": "true"}).content.decode()

    assert 'id="part-rows"' in part
    assert "Timeline" not in part
    assert "cluster=us" in part.partition('id="live"')[2].partition("hx-trigger")[0]


def test_pages_of_rows_hold_together(rita: Client):
    for number in range(PAGE_ROWS + 3):
        submit("team-a", cyclonedx("pkg:npm/left-pad@1.3.0", subject=digest(f"pad {number}")))
    rita.post("/incidents", {"q": "pkg:npm/left-pad@1.3.0", "title": "left-pad", "severity": "low"})
    address = f"/incidents/{Incident.objects.latest('pk').public_id}"

    first, last = rows(rita, address), rows(rita, f"{address}?page=2")

    assert f"1 to {PAGE_ROWS} of {PAGE_ROWS + 3}" in first
    assert f"{PAGE_ROWS + 1} to {PAGE_ROWS + 3} of {PAGE_ROWS + 3}" in last
    assert rows(rita, f"{address}?page=99").count("answer-row") == 3, "what is beyond the end is the last page"
    assert len(lines(rita, f"{address}/queries/1/csv?page=2")) == PAGE_ROWS + 3, "the file holds all pages"


def test_a_member_takes_away_the_part_of_their_team_and_a_stranger_nothing(rita: Client, address: str):
    member = signed_in(make_user("mia", team="team-b", role="member"))
    stranger = signed_in(make_user("sam", team="elsewhere", role="member"))

    assert {one["team"] for one in lines(member, f"{address}/queries/1/csv")} == {"team-b"}
    assert stranger.get(f"{address}/queries/1/csv").status_code == 404
    assert rita.get(f"{address}/queries/7/csv").status_code == 404


def test_a_class_that_nobody_knows_is_refused(rita: Client, address: str):
    assert rita.get(f"{address}?status=fine").status_code == 400
