"""Allocations of HashiCorp Nomad, with their jobs: `nomad alloc status -json`, GET /v1/allocation/:id.

A task names its image as the job wrote it: only an image that is pinned by digest says which bytes run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inventory.formats.convert.listed import Members, Record, instant, made, members_of, text
from inventory.formats.strict_json import Json

_RUNNING: Final = "running"


def convert_nomad_allocations(item: Members, cluster: str) -> Iterator[Record]:
    """Make the records of one allocation's tasks that have started."""
    states = members_of(item.get("TaskStates"))
    job = text(item, "JobID")
    for group in _objects(members_of(item.get("Job")).get("TaskGroups")):
        if text(group, "Name") != text(item, "TaskGroup"):
            continue
        for task in _objects(group.get("Tasks")):
            name, image = text(task, "Name"), text(task, "Config", "image")
            state = members_of(states.get(name))
            if not image or not job or not instant(state, "StartedAt"):
                continue
            is_running = text(state, "State") == _RUNNING
            yield made(
                cluster=cluster,
                namespace=text(item, "Namespace") or "default",
                workload=f"Job/{job.replace('/', '-')}",
                container=name,
                pod=text(item, "ID"),
                image=image,
                status="running" if is_running else "ended",
                started_at=instant(state, "StartedAt"),
                ended_at="" if is_running else instant(state, "FinishedAt"),
            )


def _objects(value: Json) -> list[Members]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
