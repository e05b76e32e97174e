"""The page of a posture report or workflow file: what it says, what it does not say, to its own team alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.models import Evidence
from inventory.views import panels
from tests.factories import submit
from tests.inventory.formats.posture.documents import WORKFLOW, protection, result, ruleset, sarif, scorecard
from tests.inventory.formats.posture.test_workflow_runs import BAD, run

pytestmark = pytest.mark.django_db


def page(browser: Any, data: bytes, **parameters: Any) -> str:
    answer = browser.get(f"/evidence/{submit('team-a', data, **parameters).public_id}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def encode(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_a_scorecard_shows_the_worst_check_first_and_what_is_unknown_as_unknown(member):
    checks = [{"name": "Good", "score": 9}, {"name": "Bad", "score": 0}, {"name": "Open", "score": -1}]

    html = page(member, encode(scorecard(checks=checks, score=-1)))

    assert html.index("Bad") < html.index("Good") < html.index("Open")
    assert "<dd>unknown</dd>" in html
    assert html.count('<span class="soft">unknown</span>') == 1


def test_findings_come_gravest_first_and_accepted_ones_last(member):
    results = [
        result(ruleId="note", level="note"),
        result(ruleId="accepted", level="error", suppressions=[{"kind": "external"}]),
        result(ruleId="grave", level="error"),
        result(ruleId="doubtful", level="warning"),
    ]

    html = page(member, encode(sarif(*results)), repository="acme/shop")

    assert html.index(">grave<") < html.index(">note<") < html.index(">accepted<")
    assert ".github/workflows/ci.yml:7" in html
    assert '<td data-label="Level">Warning' in html


def test_rules_show_what_is_off_and_what_nobody_said(member):
    html = page(member, encode(protection(required_signatures=None)))

    assert '<td data-label="Signed">unknown</td>' in html
    assert '<td data-label="No deletion">no</td>' in html
    assert "~DEFAULT_BRANCH" in page(member, encode(ruleset()))


def test_a_workflow_shows_its_jobs_and_how_each_use_is_pinned(member):
    html = page(member, WORKFLOW.encode(), repository="acme/shop", name=".github/workflows/release.yml")

    assert "id-token: write" in html
    assert "AWS_KEY" in html
    assert html.count("a tag or branch, which can move") == 3
    assert "the workflow&#x27;s own commit" in html or "the workflow's own commit" in html


def test_a_long_report_says_that_it_is_cut(member, monkeypatch):
    monkeypatch.setattr(panels, "_MOST_ROWS", 2)

    html = page(member, encode(sarif(*(result(ruleId=f"r{n}") for n in range(3)))), repository="acme/shop")

    assert "The first 2 of each" in html


def test_text_of_a_report_is_text_on_the_page(member):
    html = page(member, encode(sarif(result(ruleId="<b>x</b>"))), repository="acme/shop")

    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_a_stranger_finds_nothing_there(stranger):
    evidence = submit("team-a", encode(scorecard()))

    assert stranger.get(f"/evidence/{evidence.public_id}").status_code == 404


@pytest.mark.parametrize("count", [1, 30])
def test_a_report_costs_four_statements_however_long_it_is(member, django_assert_num_queries, count):
    sent = submit("team-a", encode(sarif(*(result(ruleId="a") for _ in range(count)))), repository="acme/shop")
    evidence = Evidence.objects.select_related("state").get(pk=sent.pk)

    with django_assert_num_queries(4):
        panels.panel_of(evidence).read(evidence)


def test_a_list_of_runs_shows_each_run_with_what_it_was_seen_to_use(member):
    listed = run(resolved_actions=[{"uses": "tj-actions/changed-files@v45", "sha": BAD}])

    html = page(member, encode([listed]))

    assert "github.com/acme/shop" in html
    assert "13862000001" in html
    assert "tj-actions/changed-files@v45</code> 0e58ed8671d6" in html


def test_a_workflow_shows_what_its_steps_download_and_how_they_check_it(member):
    script = "on: push\njobs:\n  t:\n    steps:\n      - run: curl https://codecov.io/bash | bash\n"

    html = page(member, script.encode(), repository="acme/shop", name="ci.yml")

    assert "codecov.io/bash" in html
    assert "a shell runs it as it arrives" in html
