"""An answer from the replica says as of when it is, and what had not arrived; else the primary answers."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.factories import cyclonedx, digest
from tests.flows.pages import browse, sign_in
from tests.replica.conftest import MAX_LAG_SECONDS, manage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.flows.client import Client
    from tests.replica.conftest import Pair

pytestmark = pytest.mark.slow

BACK_SECONDS = 90.0
"""A replica that failed is not asked for ten seconds."""


def purl(name: str) -> str:
    return f"pkg:npm/{name}@1.0.0"


def ask(client: Client, name: str, **more: Any) -> Any:
    answer = client.post("/api/v1/impact", {"text": purl(name), **more})
    assert answer.status == 200, answer.body
    return answer.json()


def probe(client: Client) -> Any:
    """Return what /readyz says of the replica."""
    (found,) = [one for one in client.get("/readyz").json()["probes"] if one["name"] == "replica"]
    return found


def digests(answer: Any) -> set[str]:
    return {row["artifact"]["digest"] for row in answer["rows"]}


@contextmanager
def paused(pair: Pair) -> Iterator[None]:
    pair.replica.ask("SELECT pg_wal_replay_pause()")
    wait_until(lambda: pair.replica.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")
    try:
        yield
    finally:
        pair.replica.ask("SELECT pg_wal_replay_resume()")


def wait_until(done: Callable[[], bool], *, seconds: float = BACK_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_was_just_applied_is_in_the_answer_of_the_replica(pair: Pair, client: Client) -> None:
    for number in range(5):
        client.upload(cyclonedx(purl("fresh"), subject=digest(f"fresh {number}")))
        answer = ask(client, "fresh")

        assert digests(answer) == {digest(f"fresh {one}") for one in range(number + 1)}
        assert answer["replica"]["answered"] is True
        assert answer["replica"]["lag_seconds"] == 0
        assert answer["replica"]["missing_evidence_count"] == 0
        assert answer["backlog"]["evidence_count"] == 0
    assert probe(client) == {"name": "replica", "ok": True, "vital": False, "message": "0.0 s behind"}
    assert pair.replica.ask("SELECT count(*) FROM pg_stat_activity WHERE usename = 'supplychain_web'") > 0


def test_an_answer_from_a_paused_replica_says_its_age_and_counts_what_it_lacks(pair: Pair, client: Client) -> None:
    stranger = pair.client("team-b")
    client.upload(cyclonedx(purl("slow"), subject=digest("before")))
    ask(client, "slow")
    with paused(pair):
        late = client.upload(cyclonedx(purl("slow"), subject=digest("after")))
        answer, strange = ask(client, "slow"), ask(stranger, "slow")

    note = answer["replica"]
    assert digests(answer) == {digest("before")}
    assert (note["answered"], note["passed"], note["missing_evidence_count"]) == (True, None, 1)
    assert 0 < note["lag_seconds"] <= MAX_LAG_SECONDS
    assert answer["backlog"]["evidence_count"] == 1
    assert answer["backlog"]["oldest_received_at"] == late["received_at"]
    assert datetime.fromisoformat(answer["data_as_of"]) < datetime.fromisoformat(late["received_at"])
    # Another team's document is not counted to a stranger.
    assert (strange["replica"]["missing_evidence_count"], strange["backlog"]["evidence_count"]) == (0, 0)


def test_the_page_says_that_the_replica_it_was_read_from_is_behind(pair: Pair, client: Client) -> None:
    password = manage(pair.owner, "create_user", "--username", "rita", "--organisation-role", "responder").split()[-1]
    cookies = sign_in(client, "rita", password)
    path = f"/impact?{urlencode({'q': purl('shown')})}"
    with paused(pair):
        client.upload(cyclonedx(purl("shown"), subject=digest("shown")))
        page, _ = browse(client, path, cookies=cookies)
    wait_until(lambda: "read from a replica" not in browse(client, path, cookies=cookies)[0])

    assert "read from a replica that is" in page
    assert "1 document not there yet" in page
    assert "1 document not yet read" in page


def test_a_replica_that_is_too_far_behind_is_passed_over(pair: Pair, client: Client) -> None:
    with paused(pair):
        client.upload(cyclonedx(purl("late"), subject=digest("late")))
        time.sleep(MAX_LAG_SECONDS)
        answer = ask(client, "late")

    assert digests(answer) == {digest("late")}
    assert (answer["replica"]["answered"], answer["replica"]["passed"]) == (False, "behind")
    assert answer["replica"]["lag_seconds"] >= MAX_LAG_SECONDS
    assert answer["backlog"]["evidence_count"] == 0


def test_once_replay_goes_on_the_replica_answers_in_full(pair: Pair, client: Client) -> None:
    with paused(pair):
        client.upload(cyclonedx(purl("resumed"), subject=digest("resumed")))
    wait_until(lambda: ask(client, "resumed")["replica"]["lag_seconds"] == 0)

    answer = ask(client, "resumed")
    assert digests(answer) == {digest("resumed")}
    assert answer["replica"]["answered"] is True


def test_a_later_page_of_an_answer_never_lacks_what_the_first_one_found(pair: Pair, client: Client) -> None:
    for number in range(3):
        client.upload(cyclonedx(purl("paged"), subject=digest(f"paged {number}")))
    with paused(pair):
        client.upload(cyclonedx(purl("paged"), subject=digest("paged 3")))
        time.sleep(MAX_LAG_SECONDS)
        page = ask(client, "paged", limit=2)
        assert page["replica"]["passed"] == "behind"
        following = ask(client, "paged", limit=2, cursor=page["next"])

    assert digests(page) | digests(following) == {digest(f"paged {number}") for number in range(4)}
    assert following["hash"] == page["hash"]


def test_when_the_replica_is_killed_the_primary_answers_and_later_the_replica_again(pair: Pair, client: Client) -> None:
    client.upload(cyclonedx(purl("killed"), subject=digest("killed")))
    assert ask(client, "killed")["replica"]["answered"] is True
    pair.replica.stop()
    for _ in range(3):
        answer = ask(client, "killed")

        assert digests(answer) == {digest("killed")}
        assert (answer["replica"]["answered"], answer["replica"]["passed"]) == (False, "away")
    assert probe(client) == {"name": "replica", "ok": False, "vital": False, "message": "away"}

    pair.replica.start()
    wait_until(lambda: ask(client, "killed")["replica"]["answered"])


def test_a_replica_that_was_promoted_is_not_asked(pair: Pair, client: Client) -> None:
    """The last test: what was promoted cannot follow again."""
    client.upload(cyclonedx(purl("promoted"), subject=digest("promoted")))
    pair.replica.ask("SELECT pg_promote()")

    answer = ask(client, "promoted")

    assert digests(answer) == {digest("promoted")}
    assert (answer["replica"]["answered"], answer["replica"]["passed"]) == (False, "not_a_replica")
