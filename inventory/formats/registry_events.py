"""Reads notifications of a registry (distribution's `{"events": […]}`): where its tags point, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from inventory.formats.attestations.parts import members, place, text
from inventory.formats.defects import Defects
from inventory.formats.image_records import RegistryRecord, TagAction, TagEventRecord
from inventory.formats.records import FormatError
from inventory.formats.strict_json import bad_string, parse_text
from inventory.formats.timestamps import parse_timestamp
from inventory.identity.digests import Digest, DigestError, parse_digest
from inventory.identity.images import ImageError, parse_image

if TYPE_CHECKING:
    from inventory.formats.attestations.parts import Members
    from inventory.formats.limits import Limits
    from inventory.formats.strict_json import Json
    from inventory.formats.text import Utf8

_ACTIONS: Final = {action.value: action for action in TagAction}
_LONGEST: Final = 255


def read_registry_events(text_: Utf8, *, limits: Limits) -> RegistryRecord:
    """Read a notification. One event that cannot be read is counted and told; the others stand.

    Raises FormatError `wrong_shape`, `too_many_records`, and the codes of strict JSON.
    """
    body = parse_text(text_, limits=limits)
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list):
        raise FormatError("wrong_shape", "events must be an array.", pointer="/events")
    if len(events) > limits.components:
        raise FormatError("too_many_records", f"More than {limits.components} events.", pointer="/events")
    defects = Defects()
    record = RegistryRecord("registry-events", [], event_count=len(events))
    for index, event in enumerate(events):
        _read_into(record, event, pointer=place("/events", index), limits=limits, defects=defects)
    record.warnings = defects.warnings()
    return record


def _read_into(record: RegistryRecord, event: Json, *, pointer: str, limits: Limits, defects: Defects) -> None:
    unfit = bad_string(event, limits=limits)
    if unfit is not None:
        defects.add(unfit.code, pointer + unfit.pointer, "An event with a string that cannot be kept is left out.")
        record.rejected_count += 1
        return
    target, action = members(members(event).get("target")), _ACTIONS.get(text(members(event), "action"))
    if action is None or not _is_of_a_tag(target, action=action):
        record.passed_over_count += 1
        return
    try:
        record.events.append(_event(members(event), target, action=action, pointer=pointer, defects=defects))
    except (DigestError, ImageError) as error:
        defects.add(error.code, place(pointer, "target"), f"An event was left out: {error.message}")
        record.rejected_count += 1


def _is_of_a_tag(target: Members, *, action: TagAction) -> bool:
    """Pushed and pulled layers, and manifests by digest, say nothing of a tag; every deletion takes something away."""
    return bool(text(target, "tag")) or action is TagAction.DELETE


def _event(event: Members, target: Members, *, action: TagAction, pointer: str, defects: Defects) -> TagEventRecord:
    digest: Digest | None = None
    if action is not TagAction.DELETE or text(target, "digest"):
        digest = parse_digest(text(target, "digest"))
    observed_at = parse_timestamp(event.get("timestamp"))
    if observed_at is None:
        defects.add("bad_timestamp", place(pointer, "timestamp"), "This is no instant: the time of receipt counts.")
    return TagEventRecord(
        repository=parse_image(f"{_host(event, target)}/{text(target, 'repository')}").name,
        tag=text(target, "tag")[:_LONGEST],
        digest=digest,
        action=action,
        observed_at=observed_at,
        event_id=text(event, "id")[:_LONGEST],
        actor=text(event, "actor", "name")[:_LONGEST],
        pointer=pointer,
    )


def _host(event: Members, target: Members) -> str:
    """Return the registry by the name that clients use: of the target's address, or of the request."""
    try:
        host = urlsplit(text(target, "url")).netloc
    except ValueError:
        host = ""
    return host or text(event, "request", "host") or text(event, "source", "addr")
