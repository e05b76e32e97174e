"""Incidents in the browser: opened from an answer without typing anything again, worked with, and seen in part."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from incidents.models import Incident
from tests.attested import bundle, encode, provenance, statement
from tests.factories import cyclonedx, deployment, digest, later, report, submit
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

SHOP, PAY, CLEAN = digest("shop"), digest("pay"), digest("clean")
BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture(autouse=True)
def estate() -> None:
    for team, artifact, service in (("team-a", SHOP, "checkout"), ("team-b", PAY, "ledger")):
        submit(team, cyclonedx(BAD, subject=artifact, name=f"registry.example/{service}:1"))
        report(team, deployment(digest=artifact, image=f"registry.example/{service}:1", service=service, cluster=team))


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def open_from_answer(client: Client, text: str = BAD) -> str:
    """Press the button under an answer: send what its form holds."""
    html = page(client, f"/impact?q={text}")
    form = html[html.index('action="/incidents"') :]
    fields = dict(re.findall(r'name="(title|at|from|to)"[^>]*value="([^"]*)"', form[: form.index("</form>")]))
    question = re.search(r'<textarea name="q"[^>]*>([^<]*)</textarea>', form)
    assert question is not None
    answer = client.post("/incidents", {**fields, "q": question[1], "severity": "high"})
    assert answer.status_code == 303, answer.content[:800]
    return str(answer.headers["Location"])


def test_an_incident_is_opened_from_an_answer_without_typing_anything_again(responder: Client):
    address = open_from_answer(responder)

    html = page(responder, address)

    assert f"Compromise of {BAD}" in html
    assert "2 artifacts affected, 2 running in 2 workloads" in html
    assert SHOP in html
    assert PAY in html
    assert "team-a</strong>" in html
    assert Incident.objects.get().question == {"text": BAD}


def test_the_button_is_not_there_for_who_may_not_press_it(member: Client):
    assert 'action="/incidents"' not in page(member, f"/impact?q={BAD}")
    assert member.post("/incidents", {"q": BAD, "title": "t", "severity": "low"}).status_code == 403


def test_asking_again_shows_what_changed(responder: Client):
    address = open_from_answer(responder)
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=CLEAN, name="registry.example/checkout:2"))
    report("team-a", deployment(digest=CLEAN, service="checkout", cluster="team-a"), at=later(5))

    assert responder.post(f"{address}/ask").headers["Location"] == address
    html = page(responder, address)

    assert "Since answer 1" in html
    assert "No longer running" in html
    assert "as it was given at" in page(responder, f"{address}/queries/1")
    page(responder, f"{address}/queries/3", 404)


def test_of_many_changes_the_first_are_shown_and_all_are_led_to(responder: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("incidents.views.panels.changes.SHOWN", 1)
    address = open_from_answer(responder)
    for name in ("one", "two", "three"):
        submit("team-a", cyclonedx(BAD, subject=digest(name), name=f"registry.example/{name}:1"))

    assert responder.post(f"{address}/ask").status_code == 303
    html = page(responder, address)

    assert "And 2 more rows" in html
    assert f'href="/api/v1{address}/queries/2/diff"' in html
    assert len(responder.get(f"/api/v1{address}/queries/2/diff").json()["added"]) == 3


def test_an_incident_is_moved_named_and_noted(responder: Client):
    address = open_from_answer(responder)

    responder.post(f"{address}/change", {"state": "scoping", "reason": "three teams involved"})
    responder.post(f"{address}/change", {"title": "lodash", "severity": "critical", "owner": ""})
    responder.post(f"{address}/note", {"text": "called <b>the maintainer</b>"})

    html = page(responder, address)
    assert "three teams involved" in html
    assert "called &lt;b&gt;the maintainer&lt;/b&gt;" in html
    incident = Incident.objects.get()
    assert (incident.title, incident.severity, incident.stage, incident.owner) == (
        "lodash",
        "critical",
        "scoping",
        None,
    )


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"state": "asleep"}, "The state is one of"),
        ({"state": "containing"}, "cannot become containing"),
        ({"severity": "huge"}, "The severity is one of"),
        ({"title": " "}, "The field title is empty"),
        ({"owner": "nobody"}, "no active user nobody"),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_and_changes_nothing(
    responder: Client, form: dict[str, str], message: str
):
    address = open_from_answer(responder)
    before = Incident.objects.values().get()

    answer = responder.post(f"{address}/change", form)

    assert answer.status_code in {400, 409}
    assert message in answer.content.decode()
    assert "Timeline" in answer.content.decode()  # the incident itself, to try again
    assert Incident.objects.values().get() == before


def test_an_incident_is_closed_with_a_reason_and_with_what_is_unproven_accepted(responder: Client):
    address = open_from_answer(responder)
    for state in ("scoping", "containing", "eradicating", "recovering"):
        responder.post(f"{address}/change", {"state": state})

    assert "Say why" in responder.post(f"{address}/change", {"state": "closed"}).content.decode()
    refused = responder.post(f"{address}/change", {"state": "closed", "reason": "all replaced"})
    told = refused.content.decode()
    assert "Not proven recovered: team-a/checkout (new_artifact, sbom_clean, " in told
    assert "pack_exported), team-b/ledger (new_artifact, " in told
    responder.post(f"{address}/change", {"state": "closed", "reason": "all replaced", "accept_unproven": "true"})

    assert Incident.objects.get().stage == "closed"
    assert "Ask again" not in page(responder, address)


def test_a_member_sees_the_part_of_their_team_and_says_that_they_know(responder: Client, member: Client):
    address = open_from_answer(responder)

    html = page(member, address)
    assert "What concerns your teams" in html
    assert SHOP in html
    assert PAY not in html
    assert "team-b" not in html
    assert "How much is known" not in html

    member.post(f"{address}/acknowledge")
    assert "knows: none-team-a" in page(member, address)


def test_a_member_is_not_told_what_another_team_says_of_their_artifact(responder: Client, member: Client):
    submit("team-b", cyclonedx(BAD, subject=SHOP, name="registry.example/secret-name:1"))
    bundled = bundle(statement(SHOP, predicate=provenance(repository="https://github.com/secret/repository")))
    submit("team-b", encode(bundled))
    address = open_from_answer(responder)

    assert "secret-name" in page(responder, address)
    assert "secret/repository" in page(responder, address)
    html = page(member, address)
    assert SHOP in html
    assert "registry.example/checkout:1" in html
    assert "secret" not in html


def test_a_stranger_finds_no_incident(responder: Client):
    address = open_from_answer(responder)
    stranger = signed_in(make_user("sam", team="elsewhere"))

    page(stranger, address, 404)
    page(stranger, f"{address}/queries/1", 404)
    assert "No incident yet" in page(stranger, "/incidents")


def test_the_list_tells_state_severity_and_owner(responder: Client):
    open_from_answer(responder)

    html = page(responder, "/incidents?open=true&severity=high")

    assert f"Compromise of {BAD}" in html
    assert "No incident fits" in page(responder, "/incidents?state=closed")
