"""Journey 2: a worker dies, the broker forgets or is away, fifty clients send one document: nothing is lost."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from redis import Redis

from inventory.ingest.held import OVERDUE_AFTER
from inventory.ingest.running import lock_exclusive
from inventory.ingest.tracks import TrackKey
from inventory.models import Evidence, EvidenceState, Snapshot, State
from supplychain.access.models import Team
from tests.factories import cyclonedx, digest, store
from tests.flows.client import Client
from tests.flows.conftest import KeyMaker, Running, free_port, gunicorn, process, wait_until_ready

EVIDENCE = "/api/v1/evidence"
WAIT_SECONDS = 90.0
TAKEOVER_SECONDS = (OVERDUE_AFTER + timedelta(seconds=settings.SWEEP_SECONDS)).total_seconds()
"""The promise, when sweeps come in time. How long it takes on a busy machine is for `./run drill d1`."""


@pytest.fixture
def sender(new_key: KeyMaker) -> Client:
    return new_key("team-a", "evidence:write", "inventory:read")


def wait_for(public_id: str, state: State) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not EvidenceState.objects.filter(evidence__public_id=public_id, state=state).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_until_someone_waits_for_a_lock() -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    pytest.fail("no worker came to the lock")


@pytest.mark.slow
def test_a_document_whose_worker_is_killed_is_taken_over_by_the_sweep_after_its_claim_is_overdue(
    sender: Client, running_site: Running
) -> None:
    track = TrackKey(Team.objects.get(slug="team-a").pk, "registry.example/shop", "syft", "")
    with transaction.atomic(), connection.cursor() as cursor:
        # the worker comes as far as this, with the document read
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [track.lock])
        accepted = sender.post(EVIDENCE, cyclonedx("pkg:npm/left@1", subject=digest("app"))).json()
        wait_for(accepted["id"], State.PROCESSING)
        wait_until_someone_waits_for_a_lock()
        for pid in running_site.children_of_worker():
            os.kill(pid, signal.SIGKILL)

    receipt = sender.receipt(accepted["id"])

    assert (receipt["state"], receipt["attempts"]) == ("applied", 2)
    assert TAKEOVER_SECONDS == 15
    assert Snapshot.objects.count() == 1


@pytest.mark.slow
def test_a_document_whose_last_exchange_outlives_its_worker_is_applied_once(
    sender: Client, running_site: Running
) -> None:
    with transaction.atomic():
        lock_exclusive()  # all writes and the commit are with the server, which waits for this
        accepted = sender.post(EVIDENCE, cyclonedx("pkg:npm/left@1", subject=digest("app"))).json()
        wait_for(accepted["id"], State.PROCESSING)
        wait_until_someone_waits_for_a_lock()
        for pid in running_site.children_of_worker():
            os.kill(pid, signal.SIGKILL)

    receipt = sender.receipt(accepted["id"])

    assert receipt["state"] == "applied"
    assert Snapshot.objects.count() == 1


@pytest.mark.slow
def test_a_broker_that_forgets_everything_costs_time_and_no_document(sender: Client) -> None:
    broker = Redis.from_url(settings.CELERY_BROKER_URL.replace("redis+socket", "unix").replace("virtual_host", "db"))
    sent = []
    for number in range(20):
        sent.append(sender.post(EVIDENCE, cyclonedx("pkg:npm/left@1", subject=digest(f"{number}"))).json()["id"])
        broker.flushall()

    assert {sender.receipt(one)["state"] for one in sent} == {"applied"}
    assert Snapshot.objects.count() == 20


@pytest.mark.slow
def test_a_backlog_that_nobody_rings_for_is_worked_through_after_the_first_sweep(sender: Client) -> None:
    waiting = [store("team-a", cyclonedx("pkg:npm/left@1", subject=digest(f"{number}"))) for number in range(150)]

    receipt = sender.receipt(str(waiting[-1].public_id))  # a document a sweep would take twelve minutes

    assert receipt["state"] == "applied"
    assert EvidenceState.objects.filter(state=State.APPLIED, attempts=1).count() == 150


@pytest.mark.slow
def test_while_the_broker_is_away_documents_are_accepted_and_the_sweep_applies_them(
    sender: Client, running_site: Running
) -> None:
    port, dead = free_port(), free_port()
    environment = running_site.environment | {"REDIS_URL": f"redis://127.0.0.1:{dead}/0", "SUPPLYCHAIN_PROCESS": "web"}
    folder = running_site.folder / "deaf"
    folder.mkdir()
    base = f"http://127.0.0.1:{port}"
    with process(gunicorn(port), folder / "web.log", environment) as web:
        wait_until_ready(base, folder=folder, processes=(web,), path="/healthz")
        deaf = Client(base=base, key=sender.key)
        answer = deaf.post(EVIDENCE, cyclonedx("pkg:npm/left@1", subject=digest("app")))

        assert answer.status == 202
        probes = {probe["name"]: probe["ok"] for probe in deaf.get("/readyz").json()["probes"]}
        assert probes["broker"] is False
        assert sender.receipt(answer.json()["id"])["state"] == "applied"


def test_fifty_equal_uploads_at_once_are_one_document(sender: Client) -> None:
    document = cyclonedx("pkg:npm/left@1", subject=digest("app"))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: sender.post(EVIDENCE, document), range(50)))

    assert sorted(answer.status for answer in answers) == [200] * 49 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Evidence.objects.count() == 1
    assert sender.receipt(answers[0].json()["id"])["state"] == "applied"
    assert Snapshot.objects.count() == 1


def test_two_documents_about_one_artifact_at_once_are_both_kept(sender: Client) -> None:
    documents = [cyclonedx(f"pkg:npm/{name}@1", subject=digest("app")) for name in ("left", "right")]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda document: sender.post(EVIDENCE, document).json(), documents))

    assert {sender.receipt(answer["id"])["state"] for answer in answers} == {"applied"}
    found = sender.get(f"/api/v1/artifacts/{digest('app')}/components").json()["results"]
    assert {row["purl"] for row in found} == {"pkg:npm/left@1", "pkg:npm/right@1"}


@pytest.mark.drill
def test_a_document_that_fails_each_time_is_put_aside_and_the_next_one_is_applied(sender: Client) -> None:
    with connection.cursor() as cursor:  # seven components stand for what breaks the code
        cursor.execute(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.component_count = 7 THEN RAISE 'poison'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER poison BEFORE INSERT ON inventory_snapshot FOR EACH ROW EXECUTE FUNCTION poison()"
        )
    try:
        poison = sender.post(EVIDENCE, cyclonedx(*(f"pkg:npm/p{n}@1" for n in range(7)), subject=digest("poison")))
        good = sender.upload(cyclonedx("pkg:npm/left@1", subject=digest("app")))
        receipt = sender.receipt(poison.json()["id"], seconds=150)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER poison ON inventory_snapshot; DROP FUNCTION poison()")

    assert (good["state"], good["attempts"]) == ("applied", 1)
    assert (receipt["state"], receipt["attempts"]) == ("quarantined", 3)
    assert receipt["error"]["code"] == "internal_error"
    assert Snapshot.objects.count() == 1

    assert sender.post(f"{EVIDENCE}/{receipt['id']}/retry").status == 202
    assert sender.receipt(receipt["id"])["state"] == "applied"
