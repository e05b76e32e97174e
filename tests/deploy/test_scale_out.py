"""Two web servers and four workers beside one database: `docker compose up --scale web=2 --scale worker=4`."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import psycopg
import pytest

from tests.factories import cyclonedx, digest
from tests.flows.client import Client
from tests.flows.pages import browse, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deploy.stack import Stack

pytestmark = pytest.mark.slow

DOCUMENTS = 60
SCOPES = "evidence:write,inventory:read,incidents:read"
SHARED = "pkg:npm/shared-by-all@1.0.0"
MORE = ("web-2", "worker-2", "worker-3", "worker-4")


@pytest.fixture(scope="module")
def webs(stack: Stack) -> Iterator[tuple[Client, Client]]:
    """One client, which speaks to either web server."""
    made = stack.run("migrate", "python", "manage.py", "create_key", "--team", "scaled", "--scopes", SCOPES).strip()
    for name in MORE:
        stack.start(name)
    stack.wait_until_healthy(*MORE)
    first, second = (Client(base=f"http://127.0.0.1:{stack.ports[name]}", key=made) for name in ("web", "web-2"))
    yield first, second
    for process in [stack.ask_to_stop(name) for name in MORE if name in stack.processes]:
        process.wait(timeout=90)


@pytest.fixture(scope="module")
def receipts(webs: tuple[Client, Client]) -> list[dict[str, Any]]:
    """Sixty documents sent over both at once; each receipt is asked of the one that did not take the document."""

    def send(number: int) -> dict[str, Any]:
        document = cyclonedx(SHARED, f"pkg:npm/own-{number}@1", subject=digest(f"scaled {number}"))
        accepted = webs[number % 2].post("/api/v1/evidence", document)
        assert accepted.status == 202, accepted.body
        receipt: dict[str, Any] = webs[1 - number % 2].receipt(accepted.json()["id"])
        return receipt

    with ThreadPoolExecutor(12) as pool:
        return list(pool.map(send, range(DOCUMENTS)))


def owner(stack: Stack) -> psycopg.Connection:
    return psycopg.connect((stack.folder / "secrets" / "database_owner_url").read_text())


def test_every_document_is_applied_exactly_once(stack: Stack, receipts: list[dict[str, Any]]) -> None:
    assert {(receipt["state"], receipt["attempts"]) for receipt in receipts} == {("applied", 1)}
    with owner(stack) as connection:
        rows = connection.execute(
            "SELECT count(*), count(DISTINCT s.evidence_id), count(DISTINCT e.applied_sequence)"
            " FROM inventory_snapshot s JOIN inventory_evidencestate e USING (evidence_id)"
            " JOIN inventory_evidence d ON d.id = s.evidence_id"
            " JOIN access_team t ON t.id = d.team_id WHERE t.slug = 'scaled'"
        )
        assert rows.fetchone() == (DOCUMENTS, DOCUMENTS, DOCUMENTS)


def test_the_same_document_sent_to_both_at_once_is_one(webs: tuple[Client, Client]) -> None:
    document = cyclonedx(SHARED, subject=digest("sent to both"))

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: webs[number % 2].post("/api/v1/evidence", document), range(16)))

    assert sorted(answer.status for answer in answers) == [200] * 15 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_pages_of_a_list_follow_each_other_whichever_web_server_is_asked(
    webs: tuple[Client, Client], receipts: list[dict[str, Any]]
) -> None:
    found: list[str] = []
    query: dict[str, Any] = {"limit": 7}
    for turn in range(100):
        page = webs[turn % 2].get("/api/v1/evidence", **query).json()
        found += [row["id"] for row in page["results"]]
        if not page["next"]:
            break
        query["cursor"] = cursor_of(page["next"])

    assert len(found) == len(set(found))
    assert {receipt["id"] for receipt in receipts} <= set(found)


def cursor_of(following: str) -> str:
    match = re.search(r"[?&]cursor=([^&]+)", following)
    return unquote(match[1]) if match else following


def test_pages_of_an_answer_are_of_one_answer_whichever_web_server_is_asked(
    webs: tuple[Client, Client], receipts: list[dict[str, Any]]
) -> None:
    question = {"text": SHARED, "limit": 25}
    first = webs[0].post("/api/v1/impact", question).json()
    second = webs[1].post("/api/v1/impact", question | {"cursor": first["next"]}).json()
    third = webs[0].post("/api/v1/impact", question | {"cursor": second["next"]}).json()

    digests = [row["artifact"]["digest"] for page in (first, second, third) for row in page["rows"]]
    assert first["hash"] == second["hash"] == third["hash"]
    assert len(digests) == len(set(digests))
    assert {digest(f"scaled {number}") for number in range(DOCUMENTS)} <= set(digests)


def test_who_signed_in_at_one_web_server_is_signed_in_at_the_other(stack: Stack, webs: tuple[Client, Client]) -> None:
    responder = ["--username", "rita", "--organisation-role", "responder"]
    password = stack.run("migrate", "python", "manage.py", "create_user", *responder).split()[-1]
    cookies = sign_in(webs[0], "rita", password, sent_to=webs[1])

    assert ["rita" in browse(web, "/impact", cookies=cookies)[0] for web in webs] == [True, True]


def test_a_web_server_and_two_workers_can_go_while_documents_come(
    stack: Stack, webs: tuple[Client, Client], receipts: list[dict[str, Any]]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        sent = [
            pool.submit(webs[0].upload, cyclonedx(SHARED, subject=digest(f"rolling {number}"))) for number in range(40)
        ]
        gone = [stack.stop(name) for name in ("worker-2", "web-2", "worker-3")]
        states = {future.result()["state"] for future in sent}

    assert gone == [0, 0, 0]
    assert states == {"applied"}
