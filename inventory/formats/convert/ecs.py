"""Tasks of Amazon ECS: `aws ecs describe-tasks`, whose containers name the digest that was pulled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inventory.formats.convert.listed import Members, Record, instant, made, text
from inventory.formats.strict_json import Json

_NOT_YET: Final = frozenset({"", "PROVISIONING", "PENDING", "ACTIVATING"})
_OVER: Final = frozenset({"STOPPED", "DELETED"})


def convert_ecs_tasks(item: Members, cluster: str) -> Iterator[Record]:
    """Make the records of what `describe-tasks` printed, or of one task of it."""
    for task in _objects(item["tasks"]) if "tasks" in item else [item]:
        yield from _of_task(task, cluster)


def _of_task(task: Members, cluster: str) -> Iterator[Record]:
    status = text(task, "lastStatus")
    kind, _, name = text(task, "group").partition(":")
    workload = f"Service/{name}" if kind == "service" and name else f"TaskFamily/{name or 'unknown'}"
    for container in _objects(task.get("containers")):
        state = text(container, "lastStatus") or status
        image, digest = text(container, "image"), text(container, "imageDigest")
        if state in _NOT_YET or not (image or digest) or not text(container, "name"):
            continue
        is_over = state in _OVER
        yield made(
            cluster=cluster,
            namespace=_last(text(task, "clusterArn")) or "default",
            workload=workload,
            container=text(container, "name"),
            pod=_last(text(task, "taskArn")),
            image=image,
            digest=digest,
            service=name if kind == "service" else "",
            status="ended" if is_over else "running",
            started_at=instant(task, "startedAt"),
            ended_at=instant(task, "stoppedAt") if is_over else "",
        )


def _last(arn: str) -> str:
    """Return the last part of an ARN: `arn:aws:ecs:region:account:task/cluster/id`."""
    return arn.rpartition("/")[2]


def _objects(value: Json) -> list[Members]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
