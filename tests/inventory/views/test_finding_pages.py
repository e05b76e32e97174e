"""The pages of findings: what is open, where it leads, what happened to one."""

from __future__ import annotations

import pytest

from inventory.models import Finding
from tests.factories import later
from tests.inventory.ingest.test_findings import CLEAN, UPLOADER, send

pytestmark = pytest.mark.django_db


def test_the_list_shows_what_is_open_and_the_rest_when_asked(member):
    send(UPLOADER, "uses: acme/gone@v1", team="team-a")
    send(UPLOADER, at=later(5), team="team-a")

    usual = member.get("/findings").content.decode()
    every = member.get("/findings", {"state": "any"}).content.decode()

    assert "codecov.io/bash" in usual
    assert "acme/gone" not in usual
    assert "acme/gone" in every


def test_a_finding_leads_to_its_versions_and_says_what_to_do(member):
    first = send(UPLOADER, team="team-a")
    clean = send(CLEAN, at=later(5), team="team-a")

    html = member.get(f"/findings/{Finding.objects.get().public_id}").content.decode()

    assert f"/evidence/{first.public_id}" in html
    assert f"/evidence/{clean.public_id}" in html
    assert "Write the SHA-256" not in html
    assert "compare it with a SHA-256" in html
    assert "step 1" in html


def test_without_one_the_page_says_what_is_not_known(member):
    html = member.get("/findings").content.decode()

    assert "what nobody has sent is not known" in html
    assert "They say nothing of files that nobody has sent" in member.get("/findings?severity=low").content.decode()


def test_a_stranger_finds_none(member, stranger):
    send(UPLOADER, team="team-a")
    one = Finding.objects.get().public_id

    assert "codecov.io" not in stranger.get("/findings").content.decode()
    assert stranger.get(f"/findings/{one}").status_code == 404
    assert member.get("/findings?state=x").status_code == 400
