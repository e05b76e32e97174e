"""Runtime reports: our deployment record, GitHub's, Kubernetes objects and admission requests."""

from __future__ import annotations

from typing import Final

from inventory.formats.detected import Detected, Kind, Members, text_member

POD_KINDS: Final = frozenset({"Pod", "PodList", "List"})
LISTINGS: Final = {
    "docker-inspect": frozenset({"Id", "Image", "Config", "State"}),
    "compose-ps": frozenset({"Project", "Service", "Image", "State"}),
    "docker-ps": frozenset({"ID", "Names", "Image", "State"}),
    "nomad-allocations": frozenset({"JobID", "TaskGroup", "TaskStates"}),
    "ecs-tasks": frozenset({"tasks", "failures"}),
}
"""What other runtimes list, by members that each object of it has; the names are those of `convert_runtime`."""


def recognise_runtime(members: Members) -> Detected | None:
    """Recognise a runtime report."""
    kind = text_member(members, "kind")
    if kind is not None and "apiVersion" in members:
        version = text_member(members, "apiVersion") or ""
        if kind in POD_KINDS:
            return Detected(Kind.DEPLOYMENT, "kubernetes", version[:80])
        return Detected(Kind.DEPLOYMENT, "kubernetes-object", f"{kind} ({version})"[:80])
    if {"object", "operation", "requestKind"} <= members.keys():
        return Detected(Kind.DEPLOYMENT, "kubernetes-admission", "")
    if "records" in members and ("observed_at" in members or "namespaces" in members):
        return Detected(Kind.DEPLOYMENT, "deployment", "")
    ours = {"cluster", "namespace", "workload", "container"} & members.keys()
    github = {"deployment_name", "deployments", "logical_environment"} & members.keys()
    if len(ours) >= 3 or len(github) >= 2 or ("deployment_name" in members and "digest" in members):
        return Detected(Kind.DEPLOYMENT, "deployment", "")
    listing = next((name for name, has in LISTINGS.items() if has <= members.keys()), None)
    return Detected(Kind.DEPLOYMENT, listing, "") if listing else None
