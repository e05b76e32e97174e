"""The demo estate as uploads: what its clusters and pipelines would have sent over the past sixty days.

Pure: files of tests/data/demo and one moment in, requests out. The same moment gives the same bytes, so that sending
them again changes nothing (the server answers a repeated document, or a repeated observation, with the first receipt).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from inventory.management.demo_pods import PodSpec, pod_list

Json = dict[str, Any]

DOCUMENTS, ROLLOUTS, SNAPSHOTS = "documents", "rollouts", "snapshots"
PHASES = (DOCUMENTS, ROLLOUTS, SNAPSHOTS)
"""In this order; each is applied before the next is sent, as a real history would have arrived."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One request. `sender` is a team's slug, or `cluster:NAME` for the cluster's agent."""

    phase: str
    method: str
    path: str
    body: bytes
    sender: str
    label: str


@dataclass(frozen=True, slots=True)
class Run:
    """One container of one workload ran one image from `opened_at` until `ended_at` (None: it runs)."""

    cluster: str
    environment: str
    namespace: str
    workload_kind: str
    workload_name: str
    team: str
    service: str
    image: str
    digest: str
    is_config: bool
    """The digest is the image's config, as a node reports an image that was loaded and not pulled."""
    node_arch: str
    opened_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Of the namespaces `pods_of` it reports what kubectl prints, of the others our own records."""

    name: str
    environment: str
    pods_of: tuple[str, ...]
    silent_for: timedelta


class Estate:
    """The files of tests/data/demo, read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._services: Json = json.loads((folder / "services.json").read_text(encoding="utf-8"))
        self._images: Json = json.loads((folder / "images.json").read_text(encoding="utf-8"))

    @property
    def company(self) -> str:
        return str(self._services["company"])

    @property
    def teams(self) -> dict[str, str]:
        """Names by slug."""
        return {team["slug"]: team["name"] for team in self._services["teams"]}

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        return tuple(
            Cluster(
                name=row["name"],
                environment=row["environment"],
                pods_of=tuple(row.get("pods_of", ())),
                silent_for=timedelta(days=row.get("silent_for_days", 0)),
            )
            for row in self._services["clusters"]
        )

    @property
    def services(self) -> list[Json]:
        return list(self._services["services"])

    def uploads(self, *, at: datetime) -> Iterator[Upload]:
        """Yield every request in sending order, phase by phase; `at` is the moment that counts as now."""
        yield from self._documents()
        runs = self.runs(at=at)
        for cluster in self.clusters:
            yield self._rollouts(cluster, runs=runs)
        for cluster in self.clusters:
            yield from _snapshots(cluster, runs=runs, at=at - cluster.silent_for)

    def runs(self, *, at: datetime) -> list[Run]:
        """Return every run of the sixty days, ended ones included."""
        ours = [run for service in self.services for run in self._runs_of(service, at=at)]
        return ours + [
            run for stranger in self._services["strangers"] for run in self._runs_of_stranger(stranger, at=at)
        ]

    def _documents(self) -> Iterator[Upload]:
        for service in self.services:
            for version in service["versions"]:
                image = self._images[service["name"]][version["version"]]
                for name in image.get("documents", ()):
                    body = (self._folder / "oci" / name).read_bytes()
                    query = {"name": image["image"]}
                    yield _evidence(body, query=query, sender=service["team"], label=name)
                for sbom in image["sboms"]:
                    body = gzip.decompress((self._folder / "sboms" / sbom["file"]).read_bytes())
                    query = {"artifact": image["manifest"], "name": image["image"], "version": version["version"]}
                    yield _evidence(body, query=query, sender=service["team"], label=sbom["file"].removesuffix(".gz"))
        for path in sorted((self._folder / "attestations").glob("*.jsonl")):
            query, label = {"kind": "attestation"}, f"attestations of {path.stem}"
            yield _evidence(path.read_bytes(), query=query, sender=path.stem, label=label)
        yield from self._workflow_files()

    def _workflow_files(self) -> Iterator[Upload]:
        """Yield the workflow files that pipelines send, the versions of each in their order."""
        for workflow in self._services["workflows"]:
            for version in workflow["versions"]:
                body = (self._folder / "workflows" / version["file"]).read_bytes()
                query = {"repository": workflow["repository"], "commit": version["commit"], "name": workflow["path"]}
                yield _evidence(body, query=query, sender=workflow["team"], label=version["file"])

    def _runs_of(self, service: Json, *, at: datetime) -> Iterator[Run]:
        for cluster in self.clusters:
            rollouts = service["runs"].get(cluster.name, [])
            starts = [at - timedelta(days=days) + _jitter(service["name"] + cluster.name) for days, _ in rollouts]
            for number, (_, version) in enumerate(rollouts):
                image = self._images[service["name"]][version]
                report = service.get("reports", {}).get(cluster.name, "manifest")
                yield Run(
                    cluster=cluster.name,
                    environment=cluster.environment,
                    namespace=service["namespace"],
                    workload_kind=service["workload"],
                    workload_name=service["name"],
                    team=service["team"],
                    service=service["name"],
                    image=image["image"],
                    digest=image[report.removesuffix("-without-architecture")],
                    is_config=report == "config",
                    node_arch="" if report == "index-without-architecture" else "amd64",
                    opened_at=starts[number],
                    ended_at=starts[number + 1] if number + 1 < len(starts) else None,
                )

    def _runs_of_stranger(self, stranger: Json, *, at: datetime) -> Iterator[Run]:
        """Images that nobody here built: one without an SBOM, one that a pod names by its tag alone."""
        text = stranger.get("digest_of", "")
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if text else ""
        environments = {cluster.name: cluster.environment for cluster in self.clusters}
        for cluster, days in stranger["clusters"].items():
            yield Run(
                cluster=cluster,
                environment=environments[cluster],
                namespace=stranger["namespace"],
                workload_kind=stranger["workload"],
                workload_name=stranger["name"],
                team=stranger["team"],
                service="",
                image=stranger["image"],
                digest=digest,
                is_config=False,
                node_arch="amd64",
                opened_at=at - timedelta(days=days),
                ended_at=None,
            )

    @staticmethod
    def _rollouts(cluster: Cluster, *, runs: list[Run]) -> Upload:
        """What the cluster reported at every rollout, as one list; pods are told only when they are gone."""
        records: list[Json] = []
        for run in runs:
            if run.cluster == cluster.name:
                records += _events_of(run, is_pod=run.namespace in cluster.pods_of)
        records.sort(key=lambda record: (record["observed_at"], record["workload"]))
        label = f"{len(records)} rollouts of {cluster.name}"
        return Upload(ROLLOUTS, "POST", "/api/v1/deployments", _to_bytes(records), f"cluster:{cluster.name}", label)


def _events_of(run: Run, *, is_pod: bool) -> list[Json]:
    """Return the start of a run. Of pods, which have names of their own, nothing replaces an end: it is told too."""
    start = record_of(run, observed_at=run.opened_at)
    if not is_pod:
        return [start]
    if run.ended_at is None:
        return []
    return [start, record_of(run, observed_at=run.ended_at) | {"status": "ended"}]


def record_of(run: Run, *, observed_at: datetime) -> Json:
    """Write a run as a deployment record (docs/api.md, Runtime); what is unknown is left out."""
    record: Json = {
        "cluster": run.cluster,
        "environment": run.environment,
        "namespace": run.namespace,
        "workload": f"{run.workload_kind}/{run.workload_name}",
        "container": run.workload_name,
        "image": run.image,
        "digest": run.digest,
        "service": run.service,
        "team": run.team,
        "node_arch": run.node_arch,
        "observed_at": timestamp(observed_at),
    }
    return {name: value for name, value in record.items() if value}


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _snapshots(cluster: Cluster, *, runs: list[Run], at: datetime) -> Iterator[Upload]:
    now = [run for run in runs if run.cluster == cluster.name and run.ended_at is None]
    records = [record_of(run, observed_at=at) for run in now if run.namespace not in cluster.pods_of]
    covered = sorted({record["namespace"] for record in records}) if cluster.pods_of else ["*"]
    body = _to_bytes({"observed_at": timestamp(at), "namespaces": covered, "records": records})
    path, sender = f"/api/v1/clusters/{cluster.name}/snapshot", f"cluster:{cluster.name}"
    yield Upload(SNAPSHOTS, "PUT", path, body, sender, f"snapshot of {cluster.name}")
    if cluster.pods_of:
        pods = pod_list([_pod_spec(run) for run in now if run.namespace in cluster.pods_of])
        query = [("environment", cluster.environment), *(("namespaces", name) for name in cluster.pods_of)]
        yield Upload(SNAPSHOTS, "PUT", f"{path}?{urlencode(query)}", _to_bytes(pods), sender, f"pods of {cluster.name}")


def _pod_spec(run: Run) -> PodSpec:
    return PodSpec(
        namespace=run.namespace,
        workload_kind=run.workload_kind,
        workload_name=run.workload_name,
        service=run.service,
        team=run.team,
        image=run.image,
        digest=run.digest,
        is_config=run.is_config,
        started_at=timestamp(run.opened_at),
    )


def _evidence(body: bytes, *, query: dict[str, str], sender: str, label: str) -> Upload:
    return Upload(DOCUMENTS, "POST", f"/api/v1/evidence?{urlencode(query)}", body, sender, label)


def _jitter(text: str) -> timedelta:
    """Spread rollouts over the working day, the same way every time."""
    return timedelta(minutes=int(hashlib.sha256(text.encode()).hexdigest()[:4], 16) % 480)


def _to_bytes(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
