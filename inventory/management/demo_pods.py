"""A cluster of the demo estate as `kubectl get pods -A -o json` prints it (Kubernetes API, core/v1 Pod)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_REPLICAS = {"Deployment": 2, "DaemonSet": 3, "StatefulSet": 2, "CronJob": 1}
_NODES = ("ip-10-40-1-17", "ip-10-40-2-33", "ip-10-40-3-8")
_POD_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""What Kubernetes makes random name parts of (apimachinery, util/rand)."""


@dataclass(frozen=True, slots=True)
class PodSpec:
    """One workload's pods: they differ only in name, uid and node."""

    namespace: str
    workload_kind: str
    workload_name: str
    service: str
    team: str
    image: str
    digest: str
    is_config: bool
    started_at: str


def pod_list(specs: list[PodSpec]) -> Json:
    items = [pod(spec, number=number) for spec in specs for number in range(_REPLICAS[spec.workload_kind])]
    items.sort(key=lambda item: (item["metadata"]["namespace"], item["metadata"]["name"]))
    return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}


def pod(spec: PodSpec, *, number: int) -> Json:
    """Return one running pod of a workload."""
    owner = _owner(spec)
    name = (
        f"{spec.workload_name}-{number}"
        if spec.workload_kind == "StatefulSet"
        else f"{owner['name']}-{_name_part(spec, number)}"
    )
    node = _NODES[number % len(_NODES)]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "creationTimestamp": spec.started_at,
            "generateName": f"{owner['name']}-",
            "labels": _labels(spec),
            "name": name,
            "namespace": spec.namespace,
            "ownerReferences": [owner],
            "resourceVersion": str(48_211_003 + number),
            "uid": _uid(f"{spec.namespace}/{name}"),
        },
        "spec": {
            "containers": [
                {
                    "image": spec.image,
                    "imagePullPolicy": "IfNotPresent",
                    "name": spec.workload_name,
                    "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
                }
            ],
            "nodeName": f"{node}.us-east-2.compute.internal",
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
            "restartPolicy": "OnFailure" if spec.workload_kind == "CronJob" else "Always",
            "serviceAccountName": spec.workload_name,
        },
        "status": _status(spec, uid=_uid(f"{spec.namespace}/{name}")),
    }


def _status(spec: PodSpec, *, uid: str) -> Json:
    ready = {"lastProbeTime": None, "lastTransitionTime": spec.started_at, "status": "True", "type": "Ready"}
    container = {
        "containerID": f"containerd://{_hex(f'container {uid}')}",
        "image": spec.image,
        "imageID": spec.digest if spec.is_config else f"{spec.image.rpartition(':')[0]}@{spec.digest}",
        "lastState": {},
        "name": spec.workload_name,
        "ready": True,
        "restartCount": 0,
        "started": True,
        "state": {"running": {"startedAt": spec.started_at}},
    }
    return {
        "conditions": [ready],
        "containerStatuses": [container],
        "phase": "Running",
        "qosClass": "Burstable",
        "startTime": spec.started_at,
    }


def _labels(spec: PodSpec) -> Json:
    labels = {"app.kubernetes.io/name": spec.workload_name, "team": spec.team}
    if spec.workload_kind == "Deployment":
        labels["pod-template-hash"] = _template_hash(spec)
    return labels | ({"app.kubernetes.io/part-of": spec.service} if spec.service else {})


def _owner(spec: PodSpec) -> Json:
    """Return the controller: Deployments own pods through a ReplicaSet, CronJobs through a Job."""
    kind, name = spec.workload_kind, spec.workload_name
    if kind == "Deployment":
        kind, name = "ReplicaSet", f"{name}-{_template_hash(spec)}"
    elif kind == "CronJob":
        # A CronJob names its jobs after the minute they were due, counted since 1970.
        kind, name = "Job", f"{name}-{29_390_000 + int(_hex(name)[:4], 16) % 1440}"
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": kind,
        "name": name,
        "uid": _uid(f"{kind} {spec.namespace}/{name}"),
    }


def _template_hash(spec: PodSpec) -> str:
    return _letters(f"template {spec.workload_name} {spec.digest}", count=10)


def _name_part(spec: PodSpec, number: int) -> str:
    return _letters(f"{spec.namespace}/{spec.workload_name}/{spec.digest}/{number}", count=5)


def _letters(text: str, *, count: int) -> str:
    seed = int(_hex(text), 16)
    return "".join(_POD_LETTERS[(seed >> (8 * place)) % len(_POD_LETTERS)] for place in range(count))


def _uid(text: str) -> str:
    digits = _hex(f"uid {text}")
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
