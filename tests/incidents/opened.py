"""An incident about a package that a service of each of two teams runs, and how tests talk to it over HTTP."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from tests.factories import cyclonedx, deployment, digest, report, submit

SHOP, PAY = digest("shop"), digest("pay")
BAD = "pkg:npm/lodash@4.17.20"


def make_estate() -> None:
    """Let the package run in a service of each of two teams."""
    for team, artifact, service in (("shop", SHOP, "checkout"), ("payments", PAY, "ledger")):
        submit(team, cyclonedx(BAD, subject=artifact, name=f"registry.example/{service}:1"))
        report(team, deployment(digest=artifact, image=f"registry.example/{service}:1", service=service, cluster=team))


def send(client: Client, path: str, body: Any = None, *, method: str = "post", **extra: Any) -> Any:
    return getattr(client, method)(
        f"/api/v1/incidents{path}", json.dumps(body or {}), content_type="application/json", **extra
    )


def read(client: Client, path: str = "", status: int = 200) -> Any:
    response = client.get(f"/api/v1/incidents{path}")
    assert response.status_code == status, response.content[:1000]
    return json.loads(response.content)


def opened(client: Client, **body: Any) -> str:
    """Open the incident and return where it is, below `/api/v1/incidents`."""
    response = send(client, "", {"title": "lodash taken over", "severity": "critical", "text": BAD} | body)
    assert response.status_code == 201, response.content[:1000]
    return f"/{response.json()['id']}"
