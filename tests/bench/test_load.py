"""The fast path of the benchmark leaves what the queue would have left, and the queue goes on from it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import Client

from inventory.ingest.running import find_differences
from inventory.intake.body import BodyLimits
from inventory.intake.receive import Parameters, Submission, receive
from inventory.models import READABLE, Component, EvidenceState
from supplychain.access import audit
from supplychain.access.actors import actor_for_key
from supplychain.access.models import ApiKey
from tests.bench import load
from tests.bench.contents import contents
from tests.bench.documents import document
from tests.bench.estate import Estate, Scale
from tests.bench.load.evidence import PLATFORM
from tests.bench.load.schedule import Build, Clock, Report, Schedule, stated
from tests.factories import apply_waiting

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.bench.estate import Built

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
TINY = Scale("tiny", services=4, builds=24, teams=2)
LIMITS = BodyLimits(raw_bytes=1 << 26, inflated_bytes=1 << 28)


def send(data: bytes, parameters: Parameters, *, key: ApiKey, at: datetime) -> None:
    submission = Submission([data], media_type="application/json", parameters=parameters)
    receive(submission, actor=actor_for_key(key), team_id=key.team_id, at=at, limits=LIMITS)
    apply_waiting()


def send_build(service: Built, *, keys: dict[str, ApiKey], at: datetime) -> None:
    send(document(service), Parameters(artifacts=(service.digest,)), key=keys[service.team], at=at)


def replay(estate: Estate) -> dict[str, ApiKey]:
    """Send the whole history through intake and the queue."""
    schedule, clock = Schedule(estate), Clock(UNTIL)
    keys = load._make_keys(estate, at=clock.moment(0))
    services = estate.built
    history: list[Build | Report] = [*schedule.builds, *schedule.reports]
    for event in sorted(history, key=lambda event: event.at):
        at = clock.moment(event.at)
        if isinstance(event, Build):
            service = services[event.service]
            service.build(event.at)
            schedule.digests[schedule.places[event.service][event.number - 1]] = service.digest
            send_build(service, keys=keys, at=at)
            if estate.has_layers:
                send(service.manifest, Parameters(), key=keys[service.team], at=at)
        else:
            body = json.dumps([stated(record, schedule, clock=clock) for record in event.records]).encode()
            send(body, Parameters(kind="deployment"), key=keys[PLATFORM], at=at)
    return keys


def go_on(estate: Estate, *, keys: dict[str, ApiKey]) -> None:
    """Send three builds more of two services."""
    for number in (0, 3):
        service = estate.resume(number, build_count=len(estate.times(number)))
        for step in range(3):
            estate.build_next(service)
            send_build(service, keys=keys, at=UNTIL + timedelta(hours=number + step + 1))
    assert not EvidenceState.objects.exclude(state__in=READABLE).exists()


def answers() -> list[Any]:
    """Ask the same questions with the eyes of a responder, of a team's member and of the platform's."""
    texts = ["pkg:deb/debian/openssl", Component.objects.order_by("identity")[7].identity]
    texts += ["pkg:deb/debian/libc6\npkg:deb/debian/zlib1g", "no-such-package@1"]
    times: list[dict[str, str]] = [{}, {"at": (UNTIL - timedelta(days=90)).isoformat()}]
    found = []
    for team, flags in ((PLATFORM, ["--sees-all-teams"]), ("team-00", []), (PLATFORM, [])):
        key = StringIO()
        call_command("create_key", "--team", team, "--scopes", "incidents:read", *flags, stdout=key)
        client = Client(headers={"authorization": f"Bearer {key.getvalue().strip()}"})
        for text in texts:
            for time in times:
                body = client.post("/api/v1/impact", {"text": text, **time}, content_type="application/json").json()
                found.append((team, text, time, told(body)))
    return found


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of an answer that do not tell when it was asked, or which id evidence got."""
    for row in answer["rows"]:
        for match in row["matches"]:
            assert match.pop("evidence")
    return {name: answer[name] for name in ("asked", "summary", "coverage", "clusters", "backlog", "rows")}


def assert_equal(loaded: dict[str, list[Any]], ingested: dict[str, list[Any]], *, without: Collection[str]) -> None:
    """Compare table by table, so that a failure names one; only those `without` may be empty."""
    for name, rows in ingested.items():
        assert rows or name in without, name
        assert loaded[name] == rows, name


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_layers", [False, True])
def test_a_loaded_history_equals_the_same_history_sent_through_the_queue(*, has_layers: bool) -> None:
    estate = Estate(TINY, has_layers=has_layers)
    without = () if has_layers else ("layers", "stacks", "aliases")

    load.load(estate, until=UNTIL)
    loaded, loaded_answers = contents(), answers()
    assert find_differences() == []
    assert audit.verify().is_intact
    keys = {row.team.slug: row for row in ApiKey.objects.filter(name="history").select_related("team")}
    go_on(estate, keys=keys)
    loaded_on, loaded_answers_on = contents(), answers()

    call_command("flush", interactive=False, verbosity=0)
    keys = replay(estate)
    assert_equal(loaded, contents(), without=without)
    assert loaded_answers == answers()
    go_on(estate, keys=keys)
    assert_equal(loaded_on, contents(), without=without)
    assert loaded_answers_on == answers()
