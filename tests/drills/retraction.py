"""D19: a vendor's list is sent again without three of its packages; the open incident says so by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.drills.findings import DrillError, Findings
from tests.drills.poison import receipt_id, wait_for_receipt
from tests.drills.processes import wait_until
from tests.drills.site import Site
from tests.drills.traffic import ask
from tests.written import cyclonedx, deployment, digest

LIST = "worm"
_API = "/api/v1"
_WAIT_SECONDS = 120.0
_VERSIONS_A_LINE = 2


@dataclass(frozen=True, slots=True)
class Options:
    rows: int = 798
    withdrawn: int = 3
    services: int = 20


def run(site: Site, options: Options, *, team: str = "retraction") -> Findings:
    """Open an incident on the list, make actions of it, send the list anew, and look at what the incident says."""
    findings = Findings()
    web = site.start_web(wait=False)
    processes = [web, site.start_worker(), site.start_beat()]
    scopes = ("evidence:write", "inventory:read", "incidents:read", "incidents:write")
    key = site.make_key(team, *scopes)
    site.wait_until_ready(web)
    client = _Client(site, key)
    _fill(client, options)
    client.send(_list(options.rows), query=f"?kind=list&name={LIST}")
    incident = client.post("/incidents", {"text": f"list:{LIST}", "title": "worm", "severity": "critical"})["id"]
    actions = _make_actions(client, incident)
    findings.require(len(actions) == options.services, f"{len(actions)} actions for {options.services} services")

    client.send(_list(options.rows - options.withdrawn, without=options.withdrawn), query=f"?kind=list&name={LIST}")
    began = time.monotonic()
    path = f"/incidents/{incident}"
    wait_until(lambda: client.get(path)["run_count"] >= 2, seconds=_WAIT_SECONDS, what="the second answer")
    findings.note(f"{options.rows} rows, then {options.rows - options.withdrawn}: seen after {_since(began)}")
    _check(client, incident, options, findings=findings)
    for process in processes:
        process.kill()
    return findings


def _check(client: _Client, incident: str, options: Options, *, findings: Findings) -> None:
    gone = {digest(f"service {number}") for number in range(options.withdrawn)}
    difference = client.get(f"/incidents/{incident}/queries/2/diff")
    retracted = {row["artifact"]["digest"] for row in difference["retracted"]}
    findings.note(f"{len(retracted)} retracted")
    findings.require(retracted == gone, f"retracted are {len(retracted)} artifacts, not the {len(gone)} withdrawn")
    others = [name for name in ("added", "changed", "started", "stopped") if difference[name]]
    findings.require(not others, f"the answer also says {', '.join(others)}")
    (feed,) = client.get(f"/incidents/{incident}/queries/2")["feeds"]
    taken = _VERSIONS_A_LINE * options.withdrawn
    findings.require(
        feed["retracted_count"] == taken, f"the list is said to have taken {feed['retracted_count']} versions back"
    )
    flagged = {
        action["target"]["service"]
        for action in client.get(f"/incidents/{incident}/actions?limit=500")["results"]
        if action["is_basis_withdrawn"]
    }
    findings.note(f"{len(flagged)} actions flagged")
    expected = {f"service-{number}" for number in range(options.withdrawn)}
    findings.require(flagged == expected, f"flagged are {sorted(flagged)}, not {sorted(expected)}")


def _fill(client: _Client, options: Options) -> None:
    """Send an SBOM for each service, with one package of the list, and say that all of them run."""
    for number in range(options.services):
        purl = f"pkg:npm/{_package(number)}@{_version(number)}"
        name = f"registry.example/service-{number}:1"
        client.send(cyclonedx(purl, subject=digest(f"service {number}"), name=name))
    records = [
        deployment(
            digest=digest(f"service {number}"), workload=f"Deployment/service-{number}", service=f"service-{number}"
        )
        for number in range(options.services)
    ]
    client.send(json.dumps(records).encode(), query="?kind=deployment")


def _make_actions(client: _Client, incident: str) -> Sequence[Any]:
    proposed = client.get(f"/incidents/{incident}/actions/proposed")["results"]
    keys = [one["key"] for one in proposed if one["kind"] == "rebuild"]
    client.post(f"/incidents/{incident}/actions/proposed", {"keys": keys})
    actions: Sequence[Any] = client.get(f"/incidents/{incident}/actions?limit=500")["results"]
    return actions


def _list(rows: int, *, without: int = 0) -> bytes:
    """Write the list as vendors do: a name and one or more versions, each with its sign."""
    lines = [f"{_package(number)},= {_version(number)} || = 9.9.{number}" for number in range(without, without + rows)]
    return "\n".join(["Package,Version", *lines, ""]).encode()


def _package(number: int) -> str:
    return f"@scope-{number % 7}/package-{number}"


def _version(number: int) -> str:
    return f"1.{number}.0"


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"


class _Client:
    """Speaks JSON to the site with one key."""

    def __init__(self, site: Site, key: str) -> None:
        self._site, self._key = site, key

    def get(self, path: str) -> Any:
        return self._read("GET", path, None)

    def post(self, path: str, body: object) -> Any:
        return self._read("POST", path, json.dumps(body).encode())

    def send(self, document: bytes, *, query: str = "") -> None:
        """Upload a document, and wait until it is applied."""
        reply = ask(self._site.base, "POST", f"{_API}/evidence{query}", key=self._key, body=document)
        if reply.status not in {200, 202}:
            raise DrillError(f"an upload was answered {reply.status}: {reply.body[:300]!r}")
        receipt = wait_for_receipt(self._site, receipt_id(reply), key=self._key, seconds=_WAIT_SECONDS)
        if not receipt["state"].startswith("applied"):
            raise DrillError(f"an upload is {receipt['state']}: {receipt['error']}")

    def _read(self, method: str, path: str, body: bytes | None) -> Any:
        content = {} if body is None else {"Content_Type": "application/json"}
        reply = ask(self._site.base, method, f"{_API}{path}", key=self._key, body=body, **content)
        if reply.status not in {200, 201}:
            raise DrillError(f"{method} {path} was answered {reply.status}: {reply.body[:300]!r}")
        return json.loads(reply.body)
