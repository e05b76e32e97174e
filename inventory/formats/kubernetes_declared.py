"""Reads which images a Kubernetes workload declares: a Deployment, a CronJob, or anything that holds a pod template.

What is declared is not what runs: a tag may have moved, a rollout may hang, a webhook may have changed the image. So a
declared image opens no run interval and ends none; it is shown on the page of its document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.records import ContainerClass, DeclaredImage
from inventory.formats.runtime_fields import LONGEST_NAME, LONGEST_TEXT, RecordDefect, image_digest
from inventory.formats.strict_json import Json

_TEMPLATES: Final = (
    ("spec", "template", "spec"),  # Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, Rollout, Knative's Service
    ("spec", "jobTemplate", "spec", "template", "spec"),  # CronJob
    ("template", "spec"),  # PodTemplate
)
_LISTS: Final = (
    ("containers", ContainerClass.CONTAINER),
    ("initContainers", ContainerClass.INIT),
    ("ephemeralContainers", ContainerClass.EPHEMERAL),
)

Members = Mapping[str, Json]


def has_template(value: Members) -> bool:
    """Tell whether an object declares containers: a pod template stands where workloads have it."""
    return _template(value) is not None


def read_declared(value: Members, *, kind: str, pointer: str, defects: Defects) -> Iterator[DeclaredImage]:
    """Yield the images of one workload. Raises RecordDefect for a workload without a name."""
    found = _template(value)
    metadata = _members(value.get("metadata"))
    name, namespace = _text(metadata, "name"), _text(metadata, "namespace")
    if found is None or not name or len(name) > LONGEST_NAME or len(namespace) > LONGEST_NAME:
        raise RecordDefect("missing_field", pointer + "/metadata", f"a {kind[:60]} must have a name.")
    place, template = found
    for list_name, container_class in _LISTS:
        containers = template.get(list_name)
        for index, container in enumerate(containers if isinstance(containers, list) else ()):
            where = f"{pointer}{place}/{list_name}/{index}"
            image = _text(_members(container), "image")
            if not image or len(image) > LONGEST_TEXT:
                defects.add(
                    "missing_field", where + "/image", "A declared container names no image; it was passed over."
                )
                continue
            yield DeclaredImage(
                pointer=where,
                namespace=namespace,
                workload_kind=kind[:LONGEST_NAME],
                workload_name=name,
                container=_text(_members(container), "name")[:LONGEST_NAME],
                container_class=container_class,
                image=image,
                digest=image_digest(image),
            )


def _template(value: Members) -> tuple[str, Members] | None:
    for path in _TEMPLATES:
        inner: Json = dict(value)
        for step in path:
            inner = _members(inner).get(step)
        if isinstance(inner, dict) and isinstance(inner.get("containers"), list):
            return "/" + "/".join(path), inner
    return None


def _members(value: Json) -> Members:
    return value if isinstance(value, dict) else {}


def _text(members: Members, name: str) -> str:
    value = members.get(name)
    return value.strip() if isinstance(value, str) else ""
