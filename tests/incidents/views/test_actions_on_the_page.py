"""What is to be done, on the incident's page: taken by kind, done or given away together, refused beside the field."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from django.test import Client

from incidents.models import ActionState, ContainmentAction, Incident
from inventory.policy.models import Block
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def rita() -> Client:
    for team, service in (("team-a", "checkout"), ("team-b", "ledger")):
        submit(team, cyclonedx(BAD, subject=digest(service), name=f"registry.example/{service}:1"))
        report(team, deployment(digest=digest(service), service=service, cluster=team))
    client = signed_in(make_user("rita", organisation="responder"))
    assert client.post("/incidents", {"q": BAD, "title": "lodash", "severity": "high"}).status_code == 303
    return client


@pytest.fixture
def address(rita: Client) -> str:
    """An incident with all that is proposed taken."""
    address = f"/incidents/{Incident.objects.get().public_id}"
    assert rita.post(f"{address}/actions/take", {"all": "true"}).status_code == 303
    return address


def opened() -> list[ContainmentAction]:
    return list(ContainmentAction.objects.filter(state=ActionState.OPEN).order_by("number"))


def html(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, path: str, form: Mapping[str, object], status: int = 303) -> str:
    answer = client.post(path, dict(form))
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def test_one_kind_is_taken_with_one_press(rita: Client):
    address = f"/incidents/{Incident.objects.get().public_id}"

    post(rita, f"{address}/actions/take", {"kind": "block"})

    assert {one.kind for one in ContainmentAction.objects.all()} == {"block"}
    assert Block.objects.count() == ContainmentAction.objects.count() == 3
    page = html(rita, address)
    assert ">Freeze</strong> 2" in page
    assert ">Block</strong>" not in page


def test_proposals_that_are_not_shown_are_counted_and_taken_with_the_others(rita: Client):
    for number in range(12):
        submit("team-a", cyclonedx(BAD, subject=digest(f"more {number}"), name=f"registry.example/more:{number}"))
    address = f"/incidents/{Incident.objects.get().public_id}"
    post(rita, f"{address}/ask", {})

    page = html(rita, address)

    assert page.count('value="sha256:') >= 12
    assert "and 5 more, which “Take 15” takes as well." in page


def test_unknown_builds_count_as_one_credential_that_is_left(rita: Client):
    page = html(rita, f"/incidents/{Incident.objects.get().public_id}")

    assert "of 1 credential to rotate or revoke; what some builds could reach is not known" in page


def test_what_binds_and_what_is_done_is_folded(rita: Client, address: str):
    first = opened()[0].number
    post(rita, f"{address}/actions/change", {"one": f"{first} done", "note": "rebuilt"})

    page = html(rita, address)

    assert "In force: 5 actions" in page
    assert "Done, lifted or withdrawn: 1 action" in page
    assert page.index(f'id="action-{first}"') > page.index('id="ended"')
    assert "rebuilt" in page


def test_what_is_in_force_waits_for_nobody(rita: Client, address: str):
    page = html(rita, address)

    assert "In force: " in page
    assert "nobody yet" not in page


@pytest.mark.parametrize(("group", "titles"), [
    ("owner", ["Nobody has taken these", "team-a", "team-b"]),
    ("kind", ["Rotate credentials", "Rebuild", "Redeploy", "Tell people"]),
    ("service", ["Not about one service", "checkout", "ledger"]),
])  # fmt: skip
def test_open_actions_are_put_together(rita: Client, address: str, group: str, titles: list[str]):
    page = html(rita, f"{address}?group={group}")

    found = re.findall(r"data-ticks-group> <span>([^<]+)</span>", page)
    assert found == titles


def test_all_of_a_group_are_done_at_once_and_each_is_told(rita: Client, address: str):
    mine = [one for one in opened() if one.team and one.team.slug == "team-a"]
    numbers = " ".join(str(one.number) for one in mine)

    post(rita, f"{address}/actions/change", {"group": numbers, "state": "done", "note": "all rolled out"})

    done = ContainmentAction.objects.filter(number__in=[one.number for one in mine])
    assert {one.state for one in done} == {"done"}
    assert {(one.evidence_after or {})["note"] for one in done} == {"all rolled out"}
    assert html(rita, address).count("now Done") == len(mine)


def test_ticked_ones_are_given_to_a_team_or_taken_oneself(rita: Client, address: str):
    one, two = (action.number for action in opened()[:2])

    post(rita, f"{address}/actions/change", {"number": [one, two], "to": "team-b"})
    assert {found.team.slug for found in opened()[:2] if found.team} == {"team-b"}
    post(rita, f"{address}/actions/change", {"mine": f"{one} {two}"})

    assert [found.owner.username for found in opened()[:2] if found.owner] == ["rita", "rita"]


def test_when_one_of_several_is_refused_none_is_changed(rita: Client, address: str):
    block = ContainmentAction.objects.filter(kind="block").first()
    assert block is not None

    form = {"number": [opened()[0].number, block.number], "state": "withdrawn"}
    page = post(rita, f"{address}/actions/change", form, 409)

    assert "cannot become" in page
    assert not ContainmentAction.objects.filter(state="withdrawn").exists()


@pytest.mark.parametrize(("path", "form", "told"), [
    ("actions/make", {"kind": "rotate", "target": "TOK", "team": "gh"}, ("no active", 'value="TOK"', 400)),
    ("actions/change", {"state": "done", "note": "said in vain"}, ("Tick the actions", 'value="said in vain"', 400)),
    ("actions/change", {"number": "x", "state": "done"}, ("named by its number", "", 400)),
    ("actions/change", {"number": "1", "to": "ghosts"}, ("no active team ghosts", "", 400)),
    ("actions/take", {}, ("Tick what is to be taken", "", 400)),
    ("flags", {"is_severe": "true", "aware_at": "yesterday"}, ("aware_at", 'value="yesterday"', 400)),
    ("report", {"duty": "severe_incident", "report": "early_warning"}, ("Nothing was changed.", "", 409)),
    ("note", {"text": " "}, ("The field text is empty", "", 400)),
    ("change", {"owner": "ghost", "title": "anew", "severity": "low"}, ("no active user ghost", 'value="anew"', 400)),
])  # fmt: skip
def test_a_refused_form_stands_there_again_with_what_was_typed(
    rita: Client, address: str, path: str, form: dict[str, str], told: tuple[str, str, int]
):
    message, kept, status = told
    before = ContainmentAction.objects.filter(state="open").count()

    page = post(rita, f"{address}/{path}", dict(form), status)

    assert "Timeline" in page, "the incident itself, to try again"
    assert message in page
    assert kept in page
    assert ContainmentAction.objects.filter(state="open").count() == before


def test_the_field_that_is_wrong_says_so_and_has_the_cursor(rita: Client, address: str):
    form = {"kind": "rotate", "target": "NPM_TOKEN", "team": "ghosts"}

    page = post(rita, f"{address}/actions/make", form, 400)

    field = re.search(r'<input[^>]*id="action-team"[^>]*>', page)
    assert field is not None
    assert 'aria-invalid="true" aria-describedby="problem-make" autofocus' in field[0]
    assert 'id="problem-make"' in page
    assert page.partition("<dialog")[0].count("autofocus") == 1


def test_a_block_is_lifted_by_two_with_the_reason_asked_for_beside_it(rita: Client, address: str):
    number = ContainmentAction.objects.filter(kind="block").values_list("number", flat=True)[0]

    page = post(rita, f"{address}/actions/change", {"one": f"{number} reverted", "part": "in-force"}, 400)
    assert 'id="problem-in-force"' in page
    post(rita, f"{address}/actions/change", {"one": f"{number} reverted", "part": "in-force", "note": "false alarm"})
    assert ContainmentAction.objects.get(number=number).state == "done"
    second = signed_in(make_user("ben", organisation="responder"))
    post(second, f"{address}/actions/change", {"one": f"{number} reverted", "part": "in-force"})

    assert ContainmentAction.objects.get(number=number).state == "reverted"


def test_the_page_says_who_asked_to_lift_and_whom_it_waits_for(rita: Client, address: str):
    number, title = ContainmentAction.objects.filter(kind="block").values_list("number", "title")[0]
    asking = {"one": f"{number} reverted", "part": "in-force", "note": "false alarm"}
    ben, agreeing = signed_in(make_user("ben", organisation="responder")), {**asking, "part": "ending"}
    assert 'id="ending"' not in html(rita, address)

    post(rita, f"{address}/actions/change", asking)

    seen = {name: html(client, address).partition('id="ending"')[2] for name, client in (("rita", rita), ("ben", ben))}
    for page in seen.values():
        assert f"{number}. {title}" in page.partition("</form>")[0]
        assert "rita asked, " in page
        assert "false alarm" in page
        assert f'value="{number} reverted"' not in page.partition("</form>")[2], "it is agreed to in one place"
    assert "You asked: another responder has to agree" in seen["rita"]
    assert f'value="{number} reverted"' not in seen["rita"]
    assert f'value="{number} reverted"' in seen["ben"]
    assert "another person must agree" in post(rita, f"{address}/actions/change", agreeing, 409)
    assert ContainmentAction.objects.get(number=number).state == "done"


def test_a_lift_that_was_asked_for_is_refused_or_taken_back_on_the_page(rita: Client, address: str):
    number = ContainmentAction.objects.filter(kind="block").values_list("number", flat=True)[0]
    ben = signed_in(make_user("ben", organisation="responder"))
    for person in (rita, ben):
        post(
            rita, f"{address}/actions/change", {"one": f"{number} reverted", "part": "in-force", "note": "false alarm"}
        )
        post(person, f"{address}/actions/change", {"keep": f"{number}", "part": "ending"})

        page = html(rita, address)
        assert 'id="ending"' not in page
        assert f'value="{number} reverted"' in page

    assert "Nobody asked for its end" in post(rita, f"{address}/actions/change", {"keep": f"{number}"}, 409)
    member = signed_in(make_user("mia", team="team-a", role="member"))
    post(member, f"{address}/actions/change", {"keep": f"{number}", "part": "ending"}, 404)
    assert Block.objects.filter(ends_at__isnull=True, lift_asked_by__isnull=True).count() == Block.objects.count()


def test_a_member_finishes_the_actions_of_their_team_alone(rita: Client, address: str):
    member = signed_in(make_user("mia", team="team-a", role="member"))
    own = [one for one in opened() if one.team and one.team.slug == "team-a"]
    other = next(one for one in opened() if one.team and one.team.slug == "team-b")

    page = html(member, address)
    assert f'id="action-{own[0].number}"' in page
    assert f'id="action-{other.number}"' not in page
    assert "Withdraw the ticked" not in page
    post(member, f"{address}/actions/change", {"number": own[0].number, "state": "done"})
    post(member, f"{address}/actions/change", {"number": other.number, "state": "done"}, 404)
    post(member, f"{address}/actions/change", {"number": own[1].number, "to": "team-b"}, 403)

    assert {one.number for one in ContainmentAction.objects.filter(done_by="user:mia")} == {own[0].number}


def test_who_was_told_and_who_says_that_they_know_is_shown(rita: Client, address: str):
    telling = ContainmentAction.objects.get(kind="notify", target__team="team-a")
    assert "0 of 2 know" in html(rita, address)

    post(rita, f"{address}/actions/change", {"one": f"{telling.number} done"})
    assert "told by rita" in html(rita, address)
    signed_in(make_user("mia", team="team-a", role="member")).post(f"{address}/acknowledge")

    page = html(rita, address)
    assert "knows: mia" in page
    assert "1 of 2 know" in page
