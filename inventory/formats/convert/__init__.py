"""Turns what other runtimes list into our deployment records (docs/formats.md, Other runtimes). Pure, like the readers.

A converter says no more than its source: a container without a digest stays without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.convert.docker import convert_compose_ps, convert_docker_inspect, convert_docker_ps
from inventory.formats.convert.ecs import convert_ecs_tasks
from inventory.formats.convert.listed import objects_in
from inventory.formats.convert.nomad import convert_nomad_allocations
from inventory.formats.limits import DEFAULT_LIMITS, Limits
from inventory.formats.records import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from inventory.formats.convert.listed import Members, Record

CONVERTERS: Final[Mapping[str, Callable[[Members, str], Iterator[Record]]]] = {
    "docker-ps": convert_docker_ps,
    "docker-inspect": convert_docker_inspect,
    "compose-ps": convert_compose_ps,
    "nomad-allocations": convert_nomad_allocations,
    "ecs-tasks": convert_ecs_tasks,
}
"""By the name a user gives; each makes the records of one listed object."""


@dataclass(frozen=True, slots=True)
class Converted:
    """The records, and how many of them name a digest: what names none is counted as unknown."""

    records: list[Record]
    with_digest_count: int


def convert(data: bytes, *, source: str, cluster: str, limits: Limits = DEFAULT_LIMITS) -> Converted:
    """Convert a listing. Raises FormatError: `wrong_shape`, `no_records`, `too_many_records`, and those of JSON."""
    records: list[Record] = []
    for item in objects_in(data, limits=limits):
        records.extend(CONVERTERS[source](item, cluster))
        if len(records) > limits.components:
            raise FormatError("too_many_records", f"The list has more than {limits.components} containers.")
    if not records:
        raise FormatError("no_records", f"Nothing in it looks like a container of {source}.")
    return Converted(records, sum("@sha256:" in record.get("image", "") or "digest" in record for record in records))
