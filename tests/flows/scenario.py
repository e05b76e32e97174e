"""The estate of one scenario, sent over HTTP as pipelines and clusters send it, and asked over HTTP."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from tests.attested import encode, statement
from tests.factories import digest
from tests.flows.client import TIMEOUT_SECONDS, Client

STATUSES = ["affected", "possible", "unknown", "cleared"]
_OF_CREDENTIALS = frozenset({"rotate", "revoke"})
UNKNOWN_BUILDS = {("rotate", "credentials of builds that nobody knows", "")}
"""The one rotation for all builds that nobody knows."""


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

    def opened(self, title: str, **question: Any) -> Responding:
        """Open an incident, and return it."""
        answer = self.client.post("/api/v1/incidents", {"title": title, "severity": "critical", **question})
        assert answer.status == 201, answer.body
        return Responding(self, answer.json()["id"])

    def findings(self, **narrowed: str) -> list[tuple[str, dict[str, Any]]]:
        """Return what detectors found, each with the last part of its repository."""
        answer = self.client.get("/api/v1/findings", limit=500, **narrowed)
        assert answer.status == 200, answer.body
        return [(one["repository"].rpartition("/")[2], one) for one in answer.json()["results"]]

    def repositories_of(self, finding: dict[str, Any], answer: dict[str, Any]) -> tuple[str, ...]:
        """Return the last part of the repository of each build that a finding was known about."""
        runs = answer["builds"]["runs"]
        return tuple(runs[place]["repository"].rpartition("/")[2] for place in finding["builds"])

    def rows(self, answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the rows by the names of their artifacts."""
        return {self.name_of(row): row for row in answer["rows"]}

    def name_of(self, row: dict[str, Any]) -> str:
        names = {value: name for name, value in self.digests.items()}
        return names[row["artifact"]["digest"]]

    def statuses(self, answer: dict[str, Any]) -> dict[str, str]:
        return {name: row["status"] for name, row in self.rows(answer).items()}


@dataclass(frozen=True)
class Responding:
    """An open incident of the estate, over HTTP."""

    estate: Estate
    public_id: str

    def read(self, path: str = "", **query: Any) -> Any:
        answer = self.estate.client.get(f"/api/v1/incidents/{self.public_id}{path}", **query)
        assert answer.status == 200, answer.body
        return answer.json()

    def send(self, path: str, body: Any = None) -> Any:
        answer = self.estate.client.post(f"/api/v1/incidents/{self.public_id}{path}", body or {})
        assert answer.status in {200, 201}, answer.body
        return answer.json()

    def ask_again(self, **question: Any) -> int:
        """Ask, by default what was asked before, and return the number of the answer."""
        number: int = self.send("/queries", question)["number"]
        return number

    def answer(self, number: int = 1) -> dict[str, Any]:
        found: dict[str, Any] = self.read(f"/queries/{number}")
        assert found["next_page"] is None, "the answer has more rows than a page"
        return found

    def difference(self, number: int) -> dict[str, set[str]]:
        """Return what an answer says that the one before it did not, by the names of the artifacts."""
        found = self.read(f"/queries/{number}/diff")
        kinds = ("added", "retracted", "started", "stopped")
        named = {kind: {self.estate.name_of(row) for row in found[kind]} for kind in kinds}
        return named | {"changed": {self.estate.name_of(one["after"]) for one in found["changed"]}}

    def wait_for_answer(self, number: int) -> int:
        """Wait until a worker has asked again, and return the number of the newest answer."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (newest := int(self.read()["run_count"])) < number:
            assert time.monotonic() < deadline, f"still {newest} answers"
            time.sleep(0.1)
        return newest

    def rebuild(self) -> None:
        """Take what is proposed to rebuild."""
        proposed = self.read("/actions/proposed")["results"]
        self.send("/actions/proposed", {"keys": [one["key"] for one in proposed if one["kind"] == "rebuild"]})

    def flagged(self) -> set[str]:
        """Return the services of actions whose basis the newest answer no longer has."""
        actions = self.read("/actions", limit=500)["results"]
        return {one["target"]["service"] for one in actions if one["is_basis_withdrawn"]}

    def required(self) -> set[tuple[str, str, str]]:
        """Return (type, name, last part of its repository) of each credential that recovery waits for."""
        rows = self.read("/credentials")["results"]
        return {
            (one["type"], one["credential"], one["repository"].rpartition("/")[2]) for one in rows if one["is_required"]
        }

    def rotations(self) -> dict[str | None, set[tuple[str, str, str]]]:
        """Take what is proposed of credentials, and return (kind, name, repository) by the team that owns it."""
        proposed = self.read("/actions/proposed")["results"]
        self.send("/actions/proposed", {"keys": [one["key"] for one in proposed if one["kind"] in _OF_CREDENTIALS]})
        found: dict[str | None, set[tuple[str, str, str]]] = {}
        for one in self.read("/actions", limit=500)["results"]:
            target = one["target"]
            name = target["credential"], target.get("repository", "").rpartition("/")[2]
            found.setdefault(one["team"], set()).add((one["kind"], *name))
        return found

    def rebuild_titles(self) -> set[str]:
        return {one["title"] for one in self.read("/actions/proposed")["results"] if one["kind"] == "rebuild"}

    def proposed_kinds(self) -> set[str]:
        return {one["kind"] for one in self.read("/actions/proposed")["results"]}


def running(digest_: str, name: str, *, cluster: str = "prod-eu", pod: str = "", **members: Any) -> dict[str, Any]:
    """Return the record of one container."""
    record = {"cluster": cluster, "namespace": "shop", "workload": f"Deployment/{name}", "container": "app",
              "digest": digest_, **members}  # fmt: skip
    return record | ({"pod": pod} if pod else {})
