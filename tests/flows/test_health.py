"""The site as processes: it answers for itself, with and without a trailing slash."""

from tests.flows.client import Client


def test_it_is_alive_and_ready(site: Client) -> None:
    assert site.get("/healthz").json() == {"status": "ok"}
    assert site.get("/readyz").json()["status"] == "ready"


def test_a_trailing_slash_is_served_and_not_redirected(site: Client) -> None:
    assert site.get("/healthz/").status == 200


def test_metrics_answer_this_machine_and_nobody_through_a_proxy(site: Client) -> None:
    proxied = Client(base=site.base, headers={"X-Forwarded-For": "203.0.113.7"})

    assert b"supplychain_probe_ok" in site.get("/metrics").body
    assert proxied.get("/metrics").status == 401


def test_every_answer_carries_a_request_id(site: Client) -> None:
    given = Client(base=site.base, headers={"X-Request-Id": "from-the-caller-1"})
    forged = Client(base=site.base, headers={"X-Request-Id": "no good\tid"})

    assert given.get("/healthz").headers["x-request-id"] == "from-the-caller-1"
    assert forged.get("/healthz").headers["x-request-id"] != "no good\tid"
