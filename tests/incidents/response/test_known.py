"""Findings that were open before an incident, beside the builds that it found exposed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from incidents.models import Incident
from incidents.response.known import known_findings, used_by
from inventory.graph.findings import UsedIn, known_before, subjects_of
from inventory.models import Evidence, Finding, FindingEvent
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, digest, later, member_of, submit
from tests.incidents.impact.test_builds import ASKED, INSIDE, NAME, PATH, ask, built, workflow
from tests.incidents.opened import opened, read
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

UPLOADER = "https://codecov.io/bash"
BASH = {"kind": "download", "url": UPLOADER, "from": ASKED["from"], "to": ASKED["to"]}


@pytest.fixture
def exposed() -> None:
    """One build that runs a download unchecked and uses an action by its tag."""
    workflow("shop", "web", f"{NAME}@v45", commit="a" * 40, run=f"curl {UPLOADER} | sh")
    built("shop", "web", digest("a"), commit="a" * 40, at=INSIDE)


def open_incident(*asked: dict[str, Any]) -> dict[str, Any]:
    client = client_of(new_key("incidents:read", "incidents:write", team="shop"))
    address = opened(client, text="", indicators=list(asked))
    found: dict[str, Any] = read(client, f"{address}/queries/1")
    return found


def known(actor: Actor = SEES_ALL) -> list[tuple[str, str, tuple[int, ...]]]:
    """Ask what was known before now of what both questions find."""
    header = ask(ASKED, BASH).header
    assert header.builds is not None
    incident = Incident(opened_at=timezone.now())
    found = known_findings(incident, used_by(header.builds.runs), actor=actor)
    return [(one.subject, one.state, one.builds) for one in found]


def test_an_incident_shows_what_was_open_before_about_the_builds_it_found(exposed):
    answer = open_incident(BASH)

    (found,) = answer["findings"]
    finding = Finding.objects.get(detector="unpinned_tool")
    assert (found["id"], found["url"]) == (str(finding.public_id), f"/api/v1/findings/{finding.public_id}")
    assert (found["title"], found["subject"], found["state"]) == ("unpinned tool download", "codecov.io/bash", "open")
    assert [answer["builds"]["runs"][place]["repository"] for place in found["builds"]] == ["github.com/acme/web"]


def test_its_page_leads_there(exposed):
    open_incident(BASH)
    user = make_user("rita", organisation="responder")

    html = signed_in(user).get(f"/incidents/{Incident.objects.get().public_id}").content.decode()

    assert f"/findings/{Finding.objects.get(detector='unpinned_tool').public_id}" in html
    assert "Known before" in html
    assert "known since" in html


def test_an_incident_without_builds_says_null_and_shows_no_part(exposed):
    answer = open_incident({"kind": "package", "purl": "pkg:npm/lodash"})

    assert answer["findings"] is None
    user = make_user("rita", organisation="responder")
    html = signed_in(user).get(f"/incidents/{Incident.objects.get().public_id}").content.decode()
    assert "Known before" not in html


def test_each_kind_of_use_leads_to_its_finding(exposed):
    assert sorted(known()) == [("codecov.io/bash", "open", (1,)), (NAME, "open", (0,))]


def test_a_stranger_of_the_file_is_told_of_none(exposed):
    assert known(member_of("other")) == []


def test_what_was_found_afterwards_was_not_known(exposed):
    FindingEvent.objects.all().delete()
    Finding.objects.all().delete()
    header = ask(BASH).header
    assert header.builds is not None
    incident = Incident(opened_at=timezone.now())

    call_command("detect")

    assert Finding.objects.filter(first_seen_at__lt=incident.opened_at).exists()
    assert known_findings(incident, used_by(header.builds.runs), actor=SEES_ALL) == ()


def clean(at_minute: int) -> None:
    text = b"on: push\njobs:\n  build:\n    steps:\n      - run: make\n"
    submit("shop", text, at=later(at_minute), repository="acme/web", name=PATH, commit="b" * 40)


def test_what_was_closed_before_was_not_open(exposed):
    clean(5)

    assert known() == []


def test_what_was_closed_since_was_open_then(exposed):
    header = ask(BASH).header
    assert header.builds is not None
    incident = Incident(opened_at=timezone.now())

    clean(5)

    (found,) = known_findings(incident, used_by(header.builds.runs), actor=SEES_ALL)
    assert (found.subject, found.state) == ("codecov.io/bash", "closed")


def test_what_is_cleared_is_asked_of_no_finding():
    workflow("shop", "web", f"{NAME}@v45", commit="a" * 40)
    built("shop", "web", digest("a"), commit="a" * 40, at="2025-03-10T09:00:00Z")

    header = ask(ASKED).header
    assert header.builds is not None
    assert used_by(header.builds.runs) == {}


def test_it_costs_two_statements_however_many_builds_there_are(exposed, django_assert_num_queries):
    file = Evidence.objects.earliest("pk").public_id
    used = [UsedIn(file, UPLOADER.partition("//")[2]), *(UsedIn(file, f"acme/tool{n}@v1") for n in range(500))]

    with django_assert_num_queries(2):
        assert len(known_before(used, before=timezone.now() + timedelta(minutes=1), actor=SEES_ALL)) == 1
    with django_assert_num_queries(0):
        assert known_before([], before=timezone.now(), actor=SEES_ALL) == ()


@pytest.mark.parametrize(
    ("uses", "subject"),
    [
        ("codecov.io/bash", "codecov.io/bash"),
        ("Acme/Tool/sub@v1", "acme/tool/sub"),
        ("docker://node:20", "docker://node"),
        ("node:20", "docker://node"),
        ("registry.example/ci:1", "docker://registry.example/ci"),
        ("acme/tool@${{ inputs.ref }}", "acme/tool@${{ inputs.ref }}"),
    ],
)
def test_what_a_build_used_names_the_subject_of_its_finding(uses: str, subject: str):
    assert subject in subjects_of(uses)
