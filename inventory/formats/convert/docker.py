"""Containers of one Docker (or Podman) host: `docker ps`, `docker inspect`, `docker compose ps`, all as JSON.

Only `inspect` says which bytes run. Docker's `Image` is the config digest, or with the containerd image store the
digest of an index; which of the two is found when it is looked up. Podman's `ImageDigest` is the manifest's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inventory.formats.convert.listed import Members, Record, instant, made, members_of, text

_PROJECT: Final = "com.docker.compose.project"
_SERVICE: Final = "com.docker.compose.service"
_HOST: Final = "default"
_HEX: Final = re.compile("[0-9a-f]{64}")
_OVER: Final = frozenset({"exited", "dead", "removing", "created"})


def convert_docker_inspect(item: Members, cluster: str) -> Iterator[Record]:
    """Make the record of one `docker inspect` object; a container that was only created ran nothing."""
    state = text(item, "State", "Status").lower()
    name = text(item, "Name").lstrip("/")
    if not name or state == "created":
        return
    labels = members_of(members_of(item.get("Config")).get("Labels"))
    manifest = text(item, "ImageManifestDescriptor", "digest") or text(item, "ImageDigest")
    yield made(
        **_place(labels, name=name, cluster=cluster),
        image=text(item, "Config", "Image"),
        digest=manifest or _image_id(text(item, "Image")),
        status="ended" if state in _OVER else "running",
        started_at=instant(item, "State", "StartedAt"),
        ended_at=instant(item, "State", "FinishedAt") if state in _OVER else "",
    )


def convert_docker_ps(item: Members, cluster: str) -> Iterator[Record]:
    """Make the record of one `docker ps` object, which names an image and no digest."""
    state, name = text(item, "State").lower(), text(item, "Names").partition(",")[0]
    image = text(item, "Image")
    if not name or not image or state == "created":
        return
    labels: Members = dict(pair.split("=", 1) for pair in text(item, "Labels").split(",") if "=" in pair)
    yield made(
        **_place(labels, name=name, cluster=cluster), image=image, status="ended" if state in _OVER else "running"
    )


def convert_compose_ps(item: Members, cluster: str) -> Iterator[Record]:
    """Make the record of one `docker compose ps` object, which names an image and no digest."""
    state, name, image = text(item, "State").lower(), text(item, "Name"), text(item, "Image")
    if not name or not image or state == "created":
        return
    labels: Members = {_PROJECT: text(item, "Project"), _SERVICE: text(item, "Service")}
    yield made(
        **_place(labels, name=name, cluster=cluster), image=image, status="ended" if state in _OVER else "running"
    )


def _image_id(value: str) -> str:
    """Return an image id with its algorithm, which Podman leaves out."""
    return f"sha256:{value}" if _HEX.fullmatch(value) else value


def _place(labels: Members, *, name: str, cluster: str) -> dict[str, str]:
    """Say where a container belongs: to a service of its compose project, else to itself."""
    project, service = text(labels, _PROJECT), text(labels, _SERVICE)
    is_composed = bool(project and service)
    return {
        "cluster": cluster,
        "namespace": project if is_composed else _HOST,
        "workload": f"ComposeService/{service}" if is_composed else f"Container/{name}",
        "container": name,
        "service": service if is_composed else "",
    }
