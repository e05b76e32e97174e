"""Finds the workload a pod belongs to from the pod alone: its controller, and the controller's own by naming rules.

A pod names its controller only. That a ReplicaSet belongs to a Deployment and a Job to a CronJob can be seen in the
names that their controllers give: `name-<pod-template-hash>` and `name-<scheduled minute>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inventory.formats.strict_json import Json

_SAFE_HASH: Final = re.compile(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}")
"""Kubernetes writes hashes in an alphabet without vowels and without 0, 1 and 3."""
_SCHEDULED: Final = re.compile(r"(.+)-\d{8,10}")
"""A CronJob's Job ends in the scheduled time: minutes since 1970, seconds before 1.21."""
_HASH_LABELS: Final = (("rollouts-pod-template-hash", "Rollout"), ("pod-template-hash", "Deployment"))
_MIRROR: Final = "kubernetes.io/config.mirror"
_DEPLOYMENT_CONFIG: Final = "openshift.io/deployment-config.name"


@dataclass(frozen=True, slots=True)
class Workload:
    """The topmost owner: a Deployment, StatefulSet, CronJob, …; Node for a static pod, Pod where there is none."""

    kind: str
    name: str


def workload_of(metadata: Mapping[str, Json], spec: Mapping[str, Json]) -> Workload:
    """Return the workload of the pod with this metadata and spec."""
    owner = _controller(metadata.get("ownerReferences"))
    pod_name = str(metadata.get("name") or "")
    annotations = _members(metadata.get("annotations"))
    if owner is None:
        node = spec.get("nodeName")
        return Workload("Node", node) if _MIRROR in annotations and isinstance(node, str) else Workload("Pod", pod_name)
    if owner.kind == "ReplicaSet":
        return _above_replica_set(owner, _members(metadata.get("labels")))
    if owner.kind == "Job":
        match = _SCHEDULED.fullmatch(owner.name)
        return Workload("CronJob", match[1]) if match else owner
    if owner.kind == "ReplicationController":
        config = annotations.get(_DEPLOYMENT_CONFIG)
        return Workload("DeploymentConfig", config) if isinstance(config, str) and config else owner
    return owner


def _above_replica_set(owner: Workload, labels: Mapping[str, Json]) -> Workload:
    for label, kind in _HASH_LABELS:
        hashed = labels.get(label)
        if isinstance(hashed, str) and hashed and owner.name.endswith(f"-{hashed}"):
            return Workload(kind, owner.name.removesuffix(f"-{hashed}"))
    match = _SAFE_HASH.fullmatch(owner.name)
    return Workload("Deployment", match[1]) if match else owner


def _controller(references: Json) -> Workload | None:
    """Return the owner that controls the pod; the first one where none is marked."""
    owners = [item for item in references if isinstance(item, dict)] if isinstance(references, list) else []
    marked = [item for item in owners if item.get("controller") is True] or owners
    for item in marked:
        kind, name = item.get("kind"), item.get("name")
        if isinstance(kind, str) and isinstance(name, str) and kind and name:
            return Workload(kind, name)
    return None


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
