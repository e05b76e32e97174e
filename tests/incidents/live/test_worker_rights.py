"""Following evidence with no more rights than the workers' role has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from psycopg import sql

from incidents.asking import read_incident_question
from incidents.live import asking, following
from incidents.models import ActionKind, FollowedEvidence, Incident, LiveQuestion, Severity, WatchHit
from incidents.recovery.stamping import stamp_all
from incidents.response.actions import ActionWanted, change_action, take_proposals
from incidents.response.opening import open_incident
from incidents.watches.keeping import make_watch
from inventory.models import Attestation, Verdict
from supplychain.access.actors import actor_for_user
from supplychain.database.roles import prepare_roles
from supplychain.notify.delivering import deliver_next
from supplychain.notify.models import Delivery
from tests.attested import bundle, encode, provenance, statement
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, report, submit
from tests.judgements import judge
from tests.supplychain.actors import make_user
from tests.supplychain.notify.made import a_channel

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

WEB, WORKER = "supplychain_live_web", "supplychain_live_worker"
BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def incident() -> Incident:
    return an_incident(f"{BAD}\nCVE-2026-0001\nlist:worms\nregistry.example/shop:1")


def an_incident(text: str) -> Incident:
    question = read_incident_question({"text": text}).question
    at = timezone.now()
    return open_incident(question, given={"text": text}, title="lodash", severity=Severity.LOW, actor=SEES_ALL, at=at)


def send_list(row: str) -> None:
    submit("team-a", f"package,version\n{row}\n".encode(), declared_kind="list", name="worms")


@pytest.fixture
def sent_in(incident: Incident, settings) -> None:
    settings.NOTIFY_INTERNAL_HOSTS = ("127.0.0.1:9",)
    a_channel("http://127.0.0.1:9/nobody-listens")
    question = read_incident_question({"text": BAD}).question
    make_watch(question, given={"text": BAD}, name="lodash", actor=SEES_ALL, at=timezone.now())
    following.follow(timezone.now())
    submit("team-a", cyclonedx(BAD, subject=digest("shop"), name="registry.example/shop:1"))
    report("team-a", deployment(digest=digest("shop"), image="registry.example/shop:1", service="shop"))


@pytest.fixture
def as_worker(sent_in: None) -> Iterator[None]:
    with acting_as_worker():
        yield


@contextmanager
def acting_as_worker() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip("the test's own role must be a superuser to act as others: ./run test has such a server")
        prepare_roles({"web": f"postgresql://{WEB}@/any", "worker": f"postgresql://{WORKER}@/any"})
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(WORKER)))
        try:
            yield
        finally:
            cursor.execute("RESET ROLE")
            for role in (WEB, WORKER):
                cursor.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def follow_and_ask() -> None:
    """Ask until nothing waits: on a busy machine a turn may end before both were asked."""
    at = timezone.now() + timedelta(minutes=1)
    following.follow(at)
    more = True
    while more:
        FollowedEvidence.objects.update(rests_until=at)
        more = asking.ask_what_waits(at)


def test_a_worker_may_follow_evidence_and_keep_the_answer_that_it_changes(incident, as_worker):
    follow_and_ask()

    incident.refresh_from_db()
    assert set(LiveQuestion.objects.values_list("problem", flat=True)) == {""}
    assert incident.run_count == 2
    assert incident.teams.get().team.slug == "team-a"
    assert WatchHit.objects.get().artifact == digest("shop")


def test_a_worker_may_deliver_what_it_publishes(incident, as_worker):
    follow_and_ask()

    later = timezone.now()
    kinds = set(Delivery.objects.values_list("kind", flat=True))
    assert {"incident.found", "watch.hit"} <= kinds
    assert deliver_next(later)
    assert Delivery.objects.filter(last_problem__startswith="no connection").count() == 1
    assert deliver_next(later + timedelta(minutes=2))


def test_a_worker_may_tell_channels_of_an_action_that_it_flags_and_who_is_to_do_it(settings):
    settings.NOTIFY_INTERNAL_HOSTS = ("127.0.0.1:9",)
    a_channel("http://127.0.0.1:9/nobody-listens")
    send_list("lodash,4.17.20")
    submit("team-a", cyclonedx(BAD, subject=digest("shop"), name="registry.example/shop:1"))
    incident, at = an_incident("list:worms"), timezone.now()
    ron = actor_for_user(make_user("ron", organisation="responder"))
    take_proposals(incident.public_id, None, kind=ActionKind.BLOCK, actor=ron, at=at)
    change_action(incident.public_id, 1, ActionWanted(owner="ron"), actor=ron, at=at)
    following.follow(at)
    send_list("left-pad,1.0.0")

    with acting_as_worker():
        follow_and_ask()

    assert incident.actions.get().is_basis_withdrawn
    told = Delivery.objects.filter(kind="incident.action").latest("pk")
    assert (told.body["data"]["event"]["details"]["change"], told.body["data"]["action"]["owner"]) == (
        "basis_withdrawn",
        "ron",
    )


def test_a_worker_may_close_by_evidence_what_is_proven_and_open_it_again(incident, sent_in):
    follow_and_ask()
    for kind in (ActionKind.REBUILD, ActionKind.REDEPLOY):
        take_proposals(incident.public_id, None, kind=kind, actor=SEES_ALL, at=timezone.now())
    clean = digest("clean")
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.21", subject=clean, name="registry.example/shop:2"))
    built = provenance()
    built["runDetails"]["metadata"]["startedOn"] = timezone.now().isoformat()
    submit("team-a", encode(bundle(statement(clean, predicate=built))))
    judge(Attestation.objects.latest("pk"), Verdict.VERIFIED_EXPECTED, signed_at=timezone.now())
    states = incident.actions.order_by("number").values_list("state", flat=True)

    report("team-a", deployment(digest=clean, image="registry.example/shop:2", service="shop"), at=timezone.now())
    with acting_as_worker():
        stamp_all(timezone.now())
    assert list(states.all()) == ["done", "done"]

    back = deployment(digest=digest("shop"), image="registry.example/shop:1", service="shop")
    report("team-a", back, at=timezone.now())
    LiveQuestion.objects.update(stamp_ms=0)  # it need not rest between two looks
    with acting_as_worker():
        stamp_all(timezone.now())
    assert list(states.all()) == ["open", "open"]
