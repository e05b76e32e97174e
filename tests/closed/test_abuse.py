"""Abuse and its right answer, each test named for what it refuses.

Elsewhere: a GET that changes something (tests/access_matrix); another team's objects on every route, in statuses,
receipts, counts, searches and raw bytes (the same, tests/inventory/test_team_isolation.py); stored text in pages and
exports (test_stored_text.py).
An own id beside a victim's name has no route: nothing is addressed by an id and a name at once, and a document that
names another team's image stays on its sender's own track (tests/inventory/test_team_isolation.py). Waivers and
policies, which could approve themselves or be dated back, are not built yet.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from incidents.models import Incident, IncidentEvent
from inventory.graph.statements import bounded
from inventory.models import EvidenceState
from supplychain.access.audit import MAX_BODY_BYTES
from supplychain.access.models import ApiKey, AuditEvent
from supplychain.access.scopes import Scope
from supplychain.api.errors import problem_of
from supplychain.api.views import openapi_document
from supplychain.notify.models import Delivery
from tests.access_matrix.every_row import ROWS
from tests.access_matrix.matrix import address_of, is_api
from tests.access_matrix.rows import PUBLIC, Row
from tests.access_matrix.unchanged import EXPORT, UNCHANGED, content_of
from tests.access_matrix.world import World, make_world, names_of_nobody
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import PASSWORD, client_of, make_team, make_user, new_key

pytestmark = pytest.mark.django_db

EVERYTHING = tuple(Scope.values)
LISTS = [
    path
    for path, methods in openapi_document()["paths"].items()
    if "{" not in path
    and {"cursor", "limit"} <= {item["name"] for item in methods.get("get", {}).get("parameters", ())}
]
NEEDED = {
    "search": {"q": "lodash"},
    "impact": {"q": "lodash"},
    "tags": {"repository": "registry.example/lodash"},
    "made": {"kind": "repository", "name": "acme/lodash"},
}
"""What a list does not answer without."""
READS = [path for path, methods in openapi_document()["paths"].items() if "{" not in path and "get" in methods]


@pytest.fixture
def client_with_key() -> Client:
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.21", subject=digest("a")))
    return client_of(new_key(*EVERYTHING))


# --- 113, 115: what a body may set ----------------------------------------------------------------------------------
def test_a_team_that_is_anothers_is_refused_like_one_that_is_none(client_with_key: Client):
    make_team("others")
    bodies = [{"team": team, "scopes": ["inventory:read"]} for team in ("others", "nobody")]

    answers = [client_with_key.post("/api/v1/keys", body, content_type="application/json") for body in bodies]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content


def test_a_record_that_names_another_team_is_taken_like_one_that_names_none(client_with_key: Client):
    make_team("others")
    told = []
    for number, team in enumerate(("others", "nobody")):
        evidence = report("payments", deployment(digest=digest("a"), team=team, workload=f"Deployment/w{number}"))
        state = EvidenceState.objects.get(pk=evidence.pk)
        told.append((state.state, state.counts, json.dumps(state.warnings).replace(team, "TEAM")))

    assert told[0] == told[1]


@pytest.mark.parametrize(
    "field",
    [
        "id",
        "public_id",
        "team_id",
        "created_at",
        "created_by",
        "revoked_at",
        "last_used_at",
        "secret_digest",
        "lookup",
        "key",
        "is_staff",
        "is_superuser",
        "organisation_role",
        "verified",
        "trust",
        "approved_by",
        "sees_all",
    ],
)
def test_a_field_that_is_not_the_callers_to_set_is_refused(client_with_key: Client, field: str):
    key = client_with_key.post(
        "/api/v1/keys", {"scopes": ["inventory:read"], field: "x"}, content_type="application/json"
    )
    upload = client_with_key.post(f"/api/v1/evidence?{field}=x", b"{}", content_type="application/json")
    question = client_with_key.post("/api/v1/impact", {"text": "lodash", field: 1}, content_type="application/json")

    assert (key.status_code, key.json()["errors"][0]["code"]) == (400, "unknown_field")
    assert (upload.status_code, upload.json()["code"]) == (400, "unknown_parameter")
    assert (question.status_code, question.json()["errors"][0]["code"]) == (400, "unknown_field")


def test_a_key_makes_no_key_that_sees_more_than_itself(client_with_key: Client):
    body = {"scopes": ["inventory:read"], "sees_all_teams": True}

    answer = client_with_key.post("/api/v1/keys", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "key_delegation_refused")


# --- 116: keys ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_a_key_that_ended_a_second_ago_is_refused(column: str):
    key = new_key("inventory:read")
    client = client_of(key)
    assert client.get("/api/v1/me").status_code == 200

    ApiKey.objects.filter(pk=key.row.pk).update(**{column: timezone.now() - timedelta(seconds=1)})

    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")


@pytest.mark.parametrize("name", ["key", "api_key", "apikey", "token", "access_token", "authorization", "X-Api-Key"])
def test_a_key_in_the_address_opens_nothing_and_is_in_no_log(name: str, caplog: pytest.LogCaptureFixture):
    key = new_key("inventory:read")
    with caplog.at_level(logging.DEBUG):
        answer = Client().get(f"/api/v1/artifacts?{name}={key.text}")

    assert answer.status_code == 401
    assert key.text not in caplog.text
    assert key.text not in "".join(str(vars(record)) for record in caplog.records)


def test_a_key_is_kept_and_shown_nowhere():
    key = new_key(*EVERYTHING)
    client = client_of(key)

    shown = b"".join(client.get(path).content for path in ("/api/v1/keys", "/api/v1/audit", "/api/v1/me"))

    assert key.row.lookup.encode() in shown
    assert key.text.encode() not in shown
    assert bytes(key.row.secret_digest) not in shown
    assert bytes(key.row.secret_digest).hex().encode() not in shown


# --- 117, 118: browsers ---------------------------------------------------------------------------------------------
def test_no_session_changes_anything_without_its_csrf_token():
    admin = make_user("admin", organisation="admin")
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    names = names_of_nobody()

    refused = {}
    for row in ROWS:
        if row.method != "GET" and not row.route.startswith("sign-in/"):
            address = address_of(row, named=names, own=names)
            refused[f"{row.method} {address}"] = client.generic(row.method, address).status_code

    assert len(refused) > 10
    assert {place: status for place, status in refused.items() if status != 403} == {}


@pytest.mark.django_db(transaction=True)
def test_an_export_adds_its_line_to_the_timeline_tells_it_and_changes_nothing_else():
    world = make_world()
    told = {"incidents_incident", "incidents_incidentevent", "notify_delivery"}
    untouched = [table for table in UNCHANGED if table not in told]
    before, incidents = [content_of(table) for table in untouched], _incidents()
    deliveries = list(Delivery.objects.order_by("pk").values())
    events, lines = list(IncidentEvent.objects.order_by("pk").values()), AuditEvent.objects.count()

    _get(world, (row for row in ROWS if row.route == EXPORT))

    assert [content_of(table) for table in untouched] == before
    assert _incidents() == incidents
    now = list(IncidentEvent.objects.order_by("pk").values())
    assert now[: len(events)] == events
    assert list(Delivery.objects.order_by("pk").values())[: len(deliveries)] == deliveries
    assert {event["kind"] for event in now[len(events) :]} == {"exported"}
    assert {line.action for line in AuditEvent.objects.order_by("sequence")[lines:]} == {"incident.exported"}


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "https:evil.example",
        "data:text/html,x",
        "///evil.example",
        "http://testserver@evil.example",
    ],
)
def test_signing_in_leads_to_no_other_site(place: str):
    make_user("alice", team="payments")

    answer = Client().post(f"/sign-in?next={quote(place)}", {"username": "alice", "password": PASSWORD, "next": place})

    assert (answer.status_code, answer["Location"]) == (302, "/")


# --- 121-123: questions to the database -----------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["%", "_", "\\", "%%%", "l____h", "l%h", "' OR 1=1 --", "\\%", "*", ".*", "[a-z]"])
def test_a_wildcard_stands_for_itself(client_with_key: Client, text: str):
    for route in ("packages", "artifacts"):
        answer = client_with_key.get(f"/api/v1/{route}", {"q": text})
        assert (answer.status_code, answer.json()["results"]) == (200, []), route


@pytest.mark.parametrize("path", ["/api/v1/search", "/api/v1/packages", "/api/v1/artifacts"])
def test_a_search_of_ten_kilobytes_is_refused(client_with_key: Client, path: str):
    answer = client_with_key.get(path, {"q": "x" * 10_240})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4000 + "!",
        "1." * 2000,
        "pkg:" + "a/" * 1500,
        "(" * 4000,
        "@" * 4000,
        "vers:npm/" + "|<1" * 1000,
        "sha256:" + "a" * 4000,
        "a@1.0.0-" + "a-" * 1900,
        "x" + "=" * 4000,
        " ," * 2000,
    ],
    ids=range(10),
)
@pytest.mark.django_db(transaction=True)
def test_no_text_keeps_a_reader_busy(text: str):
    client = client_of(new_key(*EVERYTHING))
    started = time.thread_time()

    statuses = {
        client.get("/api/v1/search", {"q": text}).status_code,
        client.get("/api/v1/impact", {"q": text}).status_code,
    }

    assert statuses <= {200, 400}
    assert time.thread_time() - started < 3


def test_a_statement_that_takes_too_long_is_stopped_and_told():
    with pytest.raises(OperationalError) as raised, bounded(seconds=0.05), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")

    problem = problem_of(raised.value)
    assert (problem.status, problem.code) == (504, "query_timeout")
    assert "narrow" in problem.detail


@pytest.mark.parametrize("path", LISTS)
def test_pages_have_bounds_and_cursors_are_not_made_up(client_with_key: Client, path: str):
    def ask(**query: Any) -> tuple[int, str]:
        needed = NEEDED.get(path.rpartition("/")[2], {})
        answer = client_with_key.get(path, {**needed, **query})
        return answer.status_code, answer.json().get("code", "")

    assert ask(limit=10**9)[0] == (400 if path.endswith("impact") else 200)
    assert ask(limit=-5)[0] == (400 if path.endswith("impact") else 200)
    assert ask(limit="9" * 40)[0] == 400
    assert ask(offset=10**9) == (400, "unknown_parameter")
    assert ask(page=2) == (400, "unknown_parameter")
    assert ask(cursor="eyJh:made:up") in {(400, "bad_cursor"), (410, "cursor_expired")}
    assert ask(cursor="0" * 5_000)[0] in {400, 410}


def test_a_page_holds_no_more_than_its_bound(client_with_key: Client):
    submit("payments", cyclonedx(*(f"pkg:npm/part-{number}@1" for number in range(510)), subject=digest("many")))

    assert len(client_with_key.get("/api/v1/packages", {"limit": 10**9}).json()["results"]) == 500


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    "name",
    ["ordering", "sort", "secret_digest__startswith", "created_by__password__startswith", "team__slug", "fields"],
)
def test_nothing_is_sorted_or_filtered_by_what_is_not_offered(client_with_key: Client, path: str, name: str):
    answer = client_with_key.get(path, {name: "a"})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")


# --- 125, 126: changes and their record -----------------------------------------------------------------------------
def test_a_change_on_top_of_somebody_elses_is_refused():
    report("payments", deployment(digest=digest("a")))
    client, path = client_of(new_key(*EVERYTHING)), "/api/v1/clusters/prod-eu"
    seen = client.get(path)["ETag"]
    client.patch(path, {"report_interval_seconds": 60}, content_type="application/json")

    late = client.patch(
        path, {"report_interval_seconds": 90}, content_type="application/json", headers={"If-Match": seen}
    )

    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")


@pytest.mark.django_db(transaction=True)
def test_no_text_forges_a_line_of_the_audit_log_or_swells_it():
    client = client_of(new_key(*EVERYTHING))
    text = 'lodash\r\n{"sequence": 1, "action": "key.created"}\x85\u2028' + "\n".join(f"part-{n}" for n in range(5_000))

    assert client.post("/api/v1/impact", {"text": text}, content_type="application/json").status_code == 200

    line = AuditEvent.objects.get(action="impact.asked")
    assert len(line.body.encode()) <= MAX_BODY_BYTES
    assert line.body.isascii()
    assert line.body.isprintable()
    assert json.loads(line.body)["action"] == "impact.asked"


def test_the_walks_find_something():
    assert len(LISTS) >= 6
    assert len(READS) >= 10
    assert any(row.scopes == PUBLIC and not is_api(row.route) for row in ROWS)


def _get(world: World, rows: Iterable[Row]) -> None:
    for row in rows:
        for asker in world.askers if row.method == "GET" else ():
            names = world.objects_of(asker, "own")
            asker.client.get(address_of(row, named=names, own=names)).getvalue()


def _incidents() -> list[dict[str, Any]]:
    """Return every incident without what each line of its timeline raises."""
    told = {"version", "changed_at", "event_count"}
    kept = [one.attname for one in Incident._meta.concrete_fields if one.name not in told]
    return list(Incident.objects.order_by("pk").values(*kept))
