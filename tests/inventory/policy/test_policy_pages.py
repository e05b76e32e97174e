"""The pages of blocks and decisions."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from inventory.policy.blocks import add_block
from inventory.policy.models import Block, BlockKind
from supplychain.access.actors import actor_for_user
from supplychain.access.models import User
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import AT, client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

SHOP = digest("shop")


@pytest.fixture
def responder():
    return signed_in(make_user("rob", organisation="responder"))


@pytest.fixture
def approver():
    return signed_in(make_user("abe", organisation="approver"))


@pytest.fixture
def member():
    return signed_in(make_user("mia", team="payments", role="member"))


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, answer.content[:300]
    return answer.content.decode()


def test_a_block_is_previewed_set_asked_about_and_lifted_on_the_page(responder, approver):
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP))
    report("payments", deployment(digest=SHOP, service="shop"))
    typed = {"kind": "package", "value": "pkg:npm/lodash", "more": "<4.17.21", "reason": "INC-1"}

    shown = responder.post("/blocks", typed | {"preview": "1"}).content.decode()
    assert "would hit 1 digest in 1 workload" in shown
    assert 'value="INC-1"' in shown
    assert not Block.objects.exists()
    assert responder.post("/blocks", typed).status_code == 303
    block = Block.objects.get()
    assert "pkg:npm/lodash" in page(responder, "/blocks")

    responder.post(f"/blocks/{block.public_id}/lift", {"reason": "rebuilt <b>"})
    assert "rebuilt &lt;b&gt;" in page(approver, "/blocks?state=lift_asked")
    assert "Another person must agree" in page(responder, "/blocks")
    assert responder.post(f"/blocks/{block.public_id}/lift", {"agree": "1"}).status_code == 409
    approver.post(f"/blocks/{block.public_id}/keep")
    assert "lift_asked" not in page(approver, "/blocks?state=in_force&kind=package").partition('id="rows"')[2]
    responder.post(f"/blocks/{block.public_id}/lift", {"reason": "rebuilt"})
    approver.post(f"/blocks/{block.public_id}/lift", {"agree": "1"})

    block.refresh_from_db()
    assert block.lifted_by is not None
    assert "Lifted" in page(approver, "/blocks?state=ended")


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"kind": "none", "value": "x-1", "reason": "why-1"}, "block-kind"),
        ({"kind": "artifact", "value": "x-1", "reason": "why-1"}, "block-value"),
        ({"kind": "package", "value": "pkg:npm/x-1", "more": "more-1 ~~", "reason": "why-1"}, "block-more"),
        ({"kind": "service", "value": "x-1", "more": "", "reason": ""}, "block-reason"),
    ],
)
def test_a_form_that_cannot_be_used_is_shown_again_as_typed_with_what_is_wrong_beside_it(responder, typed, wrong):
    answer = responder.post("/blocks", typed)

    html = answer.content.decode()
    assert answer.status_code == 400
    assert "Nothing was changed." in html
    for value in (typed["value"], typed.get("more", ""), typed.get("reason", "")):
        assert f'value="{value}"' in html
    (field,) = re.findall(r'<(?:input|select)[^>]*aria-invalid="true"[^>]*>', html)
    assert f'id="{wrong}"' in field
    assert 'aria-describedby="problem-set"' in field
    assert not Block.objects.exists()


def test_an_end_that_is_refused_leaves_its_reason_in_the_form_of_its_block(responder, rita):
    block = add_block(BlockKind.ARTIFACT, {"digest": SHOP}, reason="INC-1", incident=None, actor=rita, at=AT)
    other = add_block(BlockKind.SERVICE, {"service": "shop"}, reason="INC-2", incident=None, actor=rita, at=AT)

    answer = responder.post(f"/blocks/{block.public_id}/lift", {"reason": "x" * 2_001})

    html = answer.content.decode()
    assert answer.status_code == 400
    assert f'id="problem-lift-{block.public_id}"' in html
    assert f'value="{"x" * 2_001}"' in html
    assert f'id="problem-lift-{other.public_id}"' not in html
    missing = responder.post(f"/blocks/{digest('none')[7:39]}/lift", {"reason": "x"})
    assert missing.status_code == 404


def test_a_member_sees_that_there_is_a_block_and_has_no_form(member, rita):
    block = add_block(BlockKind.ARTIFACT, {"digest": SHOP}, reason="INC-1", incident=None, actor=rita, at=AT)

    html = page(member, "/blocks")

    assert "INC-1" in html
    assert SHOP not in html
    assert 'method="post" action="/blocks' not in html
    for path in ("/blocks", f"/blocks/{block.public_id}/lift", f"/blocks/{block.public_id}/keep"):
        assert member.post(path, {"kind": "artifact", "value": SHOP, "reason": "x"}).status_code == 403


def test_a_refused_rollout_leads_to_its_decision(responder, member, rita):
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP))
    add_block(BlockKind.PACKAGE, {"purl": "pkg:npm/lodash"}, reason="INC-1", incident=None, actor=rita, at=AT)
    decision = client_of(new_key("policy:read")).get(f"/api/v1/artifacts/{SHOP}/decision").json()["decision"]

    for reader in (member, responder):
        assert decision in page(reader, "/decisions?result=fail")
        assert "INC-1" in page(reader, f"/decisions/{decision}")
    assert "lodash@4.17.20" in page(responder, f"/decisions/{decision}")
    assert "lodash@4.17.20" not in page(member, f"/decisions/{decision}")
    stranger = signed_in(make_user("sam", team="stranger", role="owner"))
    assert decision not in page(stranger, "/decisions")
    page(stranger, f"/decisions/{decision}", 404)


def block_of(artifact: str, *, incident: UUID | None = None) -> Block:
    actor = actor_for_user(User.objects.get(username="rob"))
    return add_block(BlockKind.ARTIFACT, {"digest": artifact}, reason="bad", incident=incident, actor=actor, at=AT)


def test_an_artifact_is_shown_by_its_names_with_what_runs_it_and_its_incident(responder):
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP, name="registry.example/shop:1.0"))
    report("payments", deployment(digest=SHOP, image="registry.example/mirror/shop:1.0", service="shop"))
    incident = uuid4()
    block_of(SHOP, incident=incident)

    shown = page(responder, "/blocks")

    assert "Artifact registry.example/mirror/shop:1.0" in shown
    assert "Known as registry.example/mirror/shop:1.0, registry.example/shop:1.0" in shown
    assert "1 workload runs it now" in shown
    assert f'href="/incidents/{incident}#containment"' in shown
    assert "set by rob" in shown


def test_an_artifact_that_no_evidence_names_is_shown_as_that(responder):
    block_of(SHOP)

    assert "No evidence names it." in page(responder, "/blocks")


def test_what_an_artifact_is_called_is_not_told_to_who_is_not_told_the_digest(responder, member):
    submit("others", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP, name="registry.example/secret:1.0"))
    report("others", deployment(digest=SHOP, image="registry.example/secret:1.0", service="shop"))
    block_of(SHOP)

    assert "secret" not in page(member, "/blocks")
    assert "secret" in page(responder, "/blocks")


def test_the_preview_names_what_it_would_hit(responder):
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP, name="registry.example/shop:1.0"))
    report("payments", deployment(digest=SHOP, service="shop"))
    typed = {"kind": "package", "value": "pkg:npm/lodash", "more": "<4.17.21", "reason": "INC-1", "preview": "1"}

    shown = responder.post("/blocks", typed).content.decode()

    assert "registry.example/shop:1.0" in shown.partition('id="preview"')[2].partition("</section>")[0]


def test_the_list_asks_as_much_of_the_database_however_many_artifacts_it_names(
    responder, django_assert_max_num_queries
):
    for number in range(12):
        submit("payments", cyclonedx("pkg:npm/a@1", subject=digest(f"a{number}"), name=f"registry.example/a{number}:1"))
        block_of(digest(f"a{number}"))

    with django_assert_max_num_queries(9):
        shown = page(responder, "/blocks")

    assert "registry.example/a11:1" in shown
