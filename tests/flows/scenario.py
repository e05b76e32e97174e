"""The estate of one scenario, sent over HTTP as pipelines and clusters send it, and asked over HTTP."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.attested import encode, statement
from tests.factories import digest
from tests.flows.client import Client

STATUSES = ["affected", "possible", "unknown", "cleared"]


@dataclass
class Estate:
    """Artifacts have names here; their digests are made of them, unless bytes have one of their own."""

    client: Client
    digests: dict[str, str] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def digest(self, name: str) -> str:
        return self.digests.setdefault(name, digest(name))

    def send(self, data: bytes, **parameters: Any) -> None:
        answer = self.client.post("/api/v1/evidence", data, **parameters)
        assert answer.status == 202, answer.body
        self.sent.append(answer.json()["id"])

    def send_bytes(self, artifact: str, data: bytes, **parameters: Any) -> None:
        """Send an image's own manifest: its digest is that of the bytes."""
        self.digests[artifact] = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.send(data, **parameters)

    def runs(self, *records: dict[str, Any]) -> None:
        answer = self.client.post("/api/v1/deployments", list(records))
        assert answer.status == 202, answer.body
        self.sent.append(answer.json()["id"])

    def built(
        self, name: str, repository: str, *, commit: str, path: str, at: str, inputs: list[Any] | None = None
    ) -> None:
        """Send the provenance of an artifact, as GitHub's builder writes it."""
        address = f"https://github.com/acme/{repository}"
        source = {"uri": f"git+{address}@refs/heads/main", "digest": {"gitCommit": commit}}
        predicate = {
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {"ref": "refs/heads/main", "repository": address, "path": path}},
                "resolvedDependencies": [source, *(inputs or [])],
            },
            "runDetails": {
                "builder": {"id": f"{address}/{path}@refs/heads/main"},
                "metadata": {"invocationId": f"{address}/actions/runs/1/attempts/1", "startedOn": at},
            },
        }
        self.send(encode(statement(self.digest(name), predicate=predicate)))

    def settle(self) -> None:
        """Wait until all that was sent is applied."""
        for public_id in self.sent:
            receipt = self.client.receipt(public_id)
            assert receipt["state"] in {"applied", "applied_with_warnings"}, receipt
        self.sent.clear()

    def ask(self, *indicators: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = self.client.post("/api/v1/impact", {"indicators": list(indicators), "statuses": STATUSES, **more})
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the rows by the names of their artifacts."""
        names = {value: name for name, value in self.digests.items()}
        return {names[row["artifact"]["digest"]]: row for row in answer["rows"]}

    def statuses(self, answer: dict[str, Any]) -> dict[str, str]:
        return {name: row["status"] for name, row in self.rows(answer).items()}


def running(digest_: str, name: str, *, cluster: str = "prod-eu", pod: str = "", **members: Any) -> dict[str, Any]:
    """Return the record of one container."""
    record = {"cluster": cluster, "namespace": "shop", "workload": f"Deployment/{name}", "container": "app",
              "digest": digest_, **members}  # fmt: skip
    return record | ({"pod": pod} if pod else {})
