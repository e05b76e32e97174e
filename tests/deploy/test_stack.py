"""The compose file's own commands serve: an upload through nginx is applied and found, under the roles it names."""

from __future__ import annotations

import json
import socket
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.deploy.compose import services
from tests.factories import cyclonedx, digest
from tests.flows.client import Client

if TYPE_CHECKING:
    from tests.deploy.stack import Stack

pytestmark = pytest.mark.slow

SCOPES = "evidence:write,inventory:read,incidents:read"
LEFT = "pkg:npm/left-pad@1.3.0"


@pytest.fixture(scope="module")
def client(stack: Stack) -> Client:
    """A key made as deploy/README.md makes it."""
    made = stack.run("migrate", "python", "manage.py", "create_key", "--team", "payments", "--scopes", SCOPES)
    return Client(base=stack.base, key=made.strip())


def snapshot(image: str) -> dict[str, object]:
    record = {"namespace": "shop", "workload": {"kind": "Deployment", "name": "web"}, "container": "web"}
    return {"namespaces": ["*"], "records": [record | {"image": image}]}


def test_an_sbom_and_a_snapshot_sent_through_the_proxy_answer_the_incident_question(client: Client) -> None:
    receipt = client.upload(cyclonedx(LEFT, subject=digest("app")))
    sent = client.put("/api/v1/clusters/prod/snapshot", snapshot(f"registry.example/shop@{digest('app')}"))
    client.receipt(sent.json()["id"])

    answer = client.get("/api/v1/impact", q=LEFT).json()

    assert receipt["state"] == "applied"
    assert [row["artifact"]["digest"] for row in answer["rows"]] == [digest("app")]
    assert answer["summary"]["affected"]["running_artifact_count"] == 1
    assert answer["backlog"]["evidence_count"] == 0


def test_a_page_and_its_collected_files_come_through_the_proxy(client: Client) -> None:
    page = client.get("/sign-in")
    style = next(part for part in page.body.decode().split('"') if part.startswith("/static/app."))

    assert page.status == 200
    assert client.get(style).status == 200
    assert "max-age=3" in client.get(style).headers["cache-control"]


@pytest.mark.parametrize("name", [name for name in services() if name != "migrate"])
def test_a_health_check_succeeds_while_its_service_works(stack: Stack, name: str) -> None:
    assert stack.is_healthy(name)


def test_the_processes_reach_the_database_under_roles_that_own_nothing(stack: Stack, client: Client) -> None:
    for role in ("web", "worker"):
        address = (stack.folder / "secrets" / f"database_{role}_url").read_text()
        with psycopg.connect(address) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM inventory_evidence")
    owner = (stack.folder / "secrets" / "database_owner_url").read_text()
    sessions = "SELECT usename FROM pg_stat_activity WHERE usename LIKE 'supplychain\\_%'"
    with psycopg.connect(owner, autocommit=True) as connection:
        seen: set[str] = set()
        for number in range(100):
            client.post("/api/v1/evidence", cyclonedx(LEFT, subject=digest(f"role {number}")))
            seen |= {name for (name,) in connection.execute(sessions)}
            if len(seen) > 1:
                break
    assert seen == {"supplychain_web", "supplychain_worker"}


def test_a_purl_in_a_path_reaches_the_application_as_it_was_sent(client: Client) -> None:
    client.upload(cyclonedx("pkg:npm/%40scope/name@1", subject=digest("scoped")))

    assert client.get("/api/v1/packages/pkg:npm/%40scope/name").status == 200
    assert client.get("/api/v1/packages/pkg%3Anpm%2F%2540scope%2Fname").status == 200


def test_the_request_id_goes_through_and_the_answer_names_no_version(stack: Stack, client: Client) -> None:
    answer = client.send("GET", "/healthz", headers={"X-Request-Id": "pipeline-4711"})

    assert answer.headers["x-request-id"] == "pipeline-4711"
    assert answer.headers["server"] == "nginx"
    lines = [json.loads(line) for line in stack.log("proxy").splitlines() if line.startswith("{")]
    assert [line["path"] for line in lines if line["request_id"] == "pipeline-4711"] == ["/healthz"]


def test_metrics_do_not_go_through(client: Client) -> None:
    assert [client.get(path).status for path in ("/metrics", "/metrics/", "//metrics")] == [404, 404, 404]


def raw(stack: Stack, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", stack.ports["proxy"]), timeout=30) as sock:
        sock.sendall(data)
        return sock.recv(4096)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"POST /api/v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n", 413, "too_large"),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n", 400, "bad_request"),
        (b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_request"),
    ],
    ids=["body", "address", "header", "zero byte", "two lengths"],
)
def test_what_the_proxy_refuses_is_told_as_a_problem(stack: Stack, data: bytes, status: int, code: str) -> None:
    head, _, body = raw(stack, data).partition(b"\r\n\r\n")

    assert int(head.split()[1]) == status
    assert b"Content-Type: application/problem+json" in head
    assert b"X-Request-Id: " in head
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (status, code)


def test_twenty_slow_connections_of_one_address_hold_up_nobody_but_the_twenty_first(stack: Stack) -> None:
    slow = b"POST /api/v1/evidence HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    held = [socket.create_connection(("127.0.0.1", stack.ports["proxy"])) for _ in range(20)]
    try:
        for sock in held:
            sock.sendall(slow)
        refused = b""
        began = time.monotonic()
        while b" 429 " not in refused.split(b"\r\n")[0]:  # until the proxy has seen all twenty
            assert time.monotonic() - began < 8, refused
            refused = raw(stack, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        web = HTTPConnection("127.0.0.1", stack.ports["web"], timeout=8)  # sooner than the proxy gives up
        web.request("GET", "/healthz", headers={"Host": "localhost"})

        assert b"Retry-After: 1" in refused
        assert b"too_many_requests" in refused
        assert web.getresponse().status == 200
    finally:
        for sock in held:
            sock.close()


def test_the_web_server_ends_the_request_under_way_and_the_proxy_says_that_it_is_gone(
    stack: Stack, client: Client
) -> None:
    document = cyclonedx(LEFT, subject=digest("last"))
    head = f"POST /api/v1/evidence HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {client.key}\r\n"
    ends = f"Connection: close\r\nExpect: 100-continue\r\nContent-Length: {len(document)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", stack.ports["web"]), timeout=30) as sock:
        sock.sendall(f"{head}{ends}".encode() + document[:100])
        assert sock.recv(4096).startswith(b"HTTP/1.1 100 ")  # it is under way
        web = stack.ask_to_stop("web")
        time.sleep(0.5)
        sock.sendall(document[100:])
        answer = sock.recv(4096)

    assert web.wait(timeout=60) == 0
    assert answer.startswith(b"HTTP/1.1 202 ")
    gone = client.get("/healthz")
    assert (gone.status, gone.json()["code"], gone.headers["retry-after"]) == (502, "web_unavailable", "5")
    assert stack.is_healthy("proxy")
    assert not stack.is_healthy("web")
    stack.start("web")
    stack.wait_until_healthy("web")
    assert client.upload(document)["state"] == "applied"


def test_a_worker_that_is_stopped_finishes_its_document_and_gives_none_up(stack: Stack, client: Client) -> None:
    large = cyclonedx(*(f"pkg:npm/p{number}@1" for number in range(20_000)), subject=digest("large"))
    accepted = client.post("/api/v1/evidence", large).json()
    deadline = time.monotonic() + 90
    while client.get(f"/api/v1/evidence/{accepted['id']}").json()["state"] == "received":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    status = stack.stop("worker", seconds=180)
    stopped = client.get(f"/api/v1/evidence/{accepted['id']}").json()
    stack.start("worker")
    stack.wait_until_healthy("worker")

    assert status == 0
    assert (stopped["state"], stopped["attempts"]) == ("applied", 1)


def test_while_the_broker_is_away_uploads_are_accepted_and_applied_when_it_is_back(
    stack: Stack, client: Client
) -> None:
    stack.stop("valkey")
    assert not stack.is_healthy("valkey")
    accepted = client.post("/api/v1/evidence", cyclonedx(LEFT, subject=digest("rung later")))
    stack.start("valkey")
    stack.wait_until_healthy("valkey")

    assert accepted.status == 202
    assert client.receipt(accepted.json()["id"])["state"] == "applied"


def test_a_worker_that_ends_by_itself_is_started_again(stack: Stack, client: Client) -> None:
    """As kombu's does now and then when its broker goes away while it tells it of a task (docs/operations.md, D13)."""
    stack.processes["worker"].kill()
    accepted = client.post("/api/v1/evidence", cyclonedx(LEFT, subject=digest("after the end")))

    assert client.receipt(accepted.json()["id"])["state"] == "applied"
    assert "worker" in stack.restarts


def test_the_web_server_met_nothing_unexpected(stack: Stack) -> None:
    assert "Traceback" not in stack.log("web")
