"""The page of the question: what was asked, what is known, what matches, and what nobody can tell."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from supplychain.access.models import AuditEvent
from tests.attested import COMMIT, encode, statement
from tests.factories import cyclonedx, deployment, digest, later, report, submit

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

SHOP = digest("shop")
OLD = digest("old shop")
LODASH = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def shop() -> None:
    """One affected digest that runs, one that runs with another version, one that nobody knows anything about."""
    dependencies = {"root": ["pkg:npm/express@4.0.0"], "pkg:npm/express@4.0.0": [LODASH]}
    submit(
        "team-a",
        cyclonedx(
            "pkg:npm/express@4.0.0", LODASH, subject=SHOP, name="registry.example/shop:1.0", dependencies=dependencies
        ),
    )
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=OLD, name="registry.example/old:1.0"))
    report(
        "team-a",
        deployment(digest=SHOP, image="registry.example/shop:1.0", environment="production"),
        deployment(digest=OLD, workload="Deployment/old", namespace="back"),
        deployment(digest=digest("mystery"), workload="Deployment/mystery"),
        deployment(image="registry.example/tag-only:1", workload="Deployment/tag-only"),
    )


def ask(client: Client, text: str, **more: str | list[str]) -> str:
    answer = client.get("/impact", {"q": text, **more})
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_the_answer_names_the_digest_the_workload_and_the_path(member, shop):
    html = ask(member, LODASH)

    assert "1 artifact affected, 1 running in 1 workload" in html
    assert SHOP in html
    assert "Deployment/api" in html
    assert "prod-eu" in html
    assert "express" in html
    assert OLD not in html


def test_what_is_cleared_and_unknown_is_counted_and_shown_when_asked(member, shop):
    html = ask(member, LODASH, status=["cleared", "unknown"])

    assert OLD in html
    assert digest("mystery") in html
    assert "Deployment/api" not in html


def test_it_says_out_of_what_the_answer_was_given(member, shop):
    html = ask(member, LODASH)

    assert "How much is known" in html
    assert "/artifacts?sbom=none" in html
    assert "without digest" in html
    assert "Data as of" in html
    assert "Hash of this answer" in html


def test_no_match_is_never_called_not_affected(member, shop):
    html = ask(member, "pkg:npm/no-such-package@1.0.0")

    assert "Nothing known matches" in html
    assert "That is not the same as not affected" in html


def test_every_line_is_shown_with_what_it_was_taken_for(member, shop):
    html = ask(member, f"{LODASH}\nwhat is this line about")

    assert "1 line could not be used" in html
    assert "what is this line about" in html
    assert "These lines were not asked" in html


@pytest.mark.parametrize(
    ("text", "words"), [(SHOP, "1 artifact affected"), ("registry.example/shop:1.0", "to be affected, 1 possibly")]
)
def test_a_digest_or_an_image_matches_without_a_package(member, shop, text, words):
    html = ask(member, text)

    assert words in html
    assert "/packages/None" not in html
    assert "/packages/" not in html.partition('id="rows"')[2]


def test_a_short_question_gets_an_address_of_its_own(member, shop):
    answer = member.post("/impact", {"q": LODASH, "status": ["affected", "possible"], "at": ""})

    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"q": [LODASH]}


def test_a_long_question_is_answered_at_once_and_has_no_address(member, shop):
    pasted = "\n".join([LODASH, *(f"pkg:npm/package-number-{number}@1.0.{number}" for number in range(400))])

    answer = member.post("/impact", {"q": pasted})

    html = answer.content.decode()
    assert answer.status_code == 200
    assert SHOP in html
    assert "too long for an address" in html
    assert 'action="/impact/csv" method="post"' in html


def test_a_time_without_zone_is_utc_and_asks_the_past(member, shop):
    report("team-a", deployment(digest=OLD, image="registry.example/old:1.0"), at=later(60))

    then = ask(member, LODASH, at="2026-03-01T12:30")
    now = ask(member, LODASH)

    assert "1 artifact affected, 1 ran in 1 workload" in then
    assert "Ran at" in then
    assert "1 artifact affected, 0 running in 0 workloads" in now


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "yesterday"},
        {"at": "2026-03-01T12:00", "from": "2026-03-01T12:00"},
        {"from": "2026-03-02T12:00", "to": "2026-03-01T12:00"},
        {"status": "fine"},
        {"cursor": "forged"},
    ],
)
def test_a_question_that_cannot_be_asked_keeps_what_was_typed(member, wrong):
    answer = member.get("/impact", {"q": LODASH, **wrong})

    assert answer.status_code in {400, 410}
    assert b'role="alert"' in answer.content
    assert b"The question was not asked" in answer.content
    assert LODASH.encode() in answer.content


def test_rows_are_paged_without_shifting(member):
    for number in range(103):
        submit("team-a", cyclonedx(LODASH, subject=digest(f"image {number}"), name=f"registry.example/i:{number}"))

    first = member.get("/impact", {"q": LODASH})
    cursor = first.context["impact"].next
    rest = member.get("/impact", {"q": LODASH, "cursor": cursor}, headers={"HX-Request": "true"})

    assert first.content.decode().count('class="answer-row"') == 100
    assert rest.content.decode().count('class="answer-row"') == 3
    assert b"<html" not in rest.content


def test_the_answer_can_be_taken_away_as_csv(member, shop):
    asked = {"q": LODASH, "status": ["affected", "possible"]}
    short = member.get("/impact/csv", asked, headers={"Accept": "text/html,*/*;q=0.8"})
    long = member.post("/impact/csv", urlencode(asked, doseq=True), content_type="application/x-www-form-urlencoded")

    for answer in (short, long):
        assert answer.status_code == 200, answer.content
        body = b"".join(answer.streaming_content).decode()
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert SHOP in body
        assert "attachment" in answer.headers["Content-Disposition"]


def test_a_stranger_learns_nothing_of_another_teams_estate(stranger, shop):
    html = ask(stranger, f"{LODASH}\n{SHOP}", status=["affected", "possible", "cleared", "unknown"])

    assert "No known artifact matches" in html
    assert "registry.example" not in html
    assert "prod-eu" not in html


def test_asking_leaves_one_line_in_the_audit_log(member, shop):
    before = AuditEvent.objects.count()

    ask(member, LODASH)

    assert AuditEvent.objects.count() == before + 1


def test_the_empty_page_says_what_it_reads(member):
    html = member.get("/impact").content.decode()

    assert "What it reads" in html
    assert "curl --fail" in html


@pytest.mark.parametrize(
    "payload", ["<script>alert(1)</script>", '"><img src=x>', "javascript:alert(1)", "{{ 7 }}", "=1+1"]
)
def test_what_is_pasted_stays_text(member, payload):
    html = ask(member, payload)

    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_the_question_costs_a_fixed_number_of_statements(member, shop, django_assert_max_num_queries):
    for number in range(15):
        submit("team-a", cyclonedx(LODASH, subject=digest(f"image {number}"), name=f"registry.example/i:{number}"))

    ask(member, LODASH)  # what the process remembers from now on

    with django_assert_max_num_queries(31):
        ask(member, f"{LODASH}\npkg:npm/express@4.0.0\n{OLD}")


def test_a_list_asked_for_says_which_version_answered_and_what_it_took_back(member, shop):
    for version, data in (("5", b"lodash@4.17.20\nleft-pad@1.3.0\n"), ("6", b"lodash@4.17.20\n")):
        submit("team-a", data, declared_kind="list", name="wiz", version=version, at=later(int(version)))

    html = ask(member, "list:wiz")

    assert "1 artifact affected" in html
    assert "<code>list:wiz</code>, version 6" in html
    assert "1 retracted" in html


def test_a_question_by_origin_shows_its_evidence_its_limits_and_what_nothing_is_told_of(member, shop):
    claimed = submit("team-a", encode(statement(SHOP)))
    html = ask(member, f"https://github.com/shop/api/commit/{COMMIT}")

    assert f"github.com/shop/api {COMMIT}" in html
    assert "Builds of later commits are not found by it" in html
    assert "built from the commit asked for, as provenance says that nobody verified" in html
    assert f"/evidence/{claimed.public_id}" in html
    assert "with provenance that is only claimed" in html
    assert "provenance" not in ask(member, LODASH).partition("How much is known")[2].partition("</ul>")[0]


def test_an_incident_is_opened_and_a_watch_made_from_under_the_answer(browser, shop):
    responder = browser(organisation_role="responder")

    html = responder.get("/impact?q=pkg:npm/lodash").content.decode()

    assert html.index('id="respond-title"') < html.index('id="asked-title"'), "the next press is in sight"
    assert 'href="/watches?q=pkg%3Anpm%2Flodash"' in html
