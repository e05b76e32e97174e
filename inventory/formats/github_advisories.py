"""Reads security advisories as GitHub's REST API gives them: one, or a list.

Source: docs.github.com, REST API, "Global security advisories".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from inventory.formats.advisory import AdvisoryRecord, AffectedRecord
from inventory.formats.advisory_records import AdvisoryFeed, RawRecord
from inventory.formats.json_fields import Object, list_of, object_of, objects_of, text_of
from inventory.formats.osv import LONGEST_ID, LONGEST_NAME, identifier_of, members_of, raw_records, refuse, source_of
from inventory.formats.pointers import join
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8, require_utf8
from inventory.formats.timestamps import parse_timestamp
from inventory.identity.ecosystems import osv_package, read_ecosystem
from inventory.identity.versions import RangeError, parse_range

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.defects import Defects
    from inventory.formats.limits import Limits

_MEMBERS: Final = ("ghsa_id", "cve_id", "identifiers", "summary", "severity", "cvss", "published_at", "updated_at",
                   "withdrawn_at", "vulnerabilities")  # fmt: skip


def read_github_advisories(text: Utf8, *, limits: Limits) -> AdvisoryFeed:
    """Read one advisory of the API, or a list of them; see AdvisoryFeed. Raises FormatError as `read_osv` does."""

    def read(raw: RawRecord, defects: Defects) -> AdvisoryRecord | None:
        try:
            value = members_of(require_utf8(raw.data), _MEMBERS, limits=limits)
            return _record(value, pointer=raw.pointer, defects=defects)
        except FormatError as error:
            refuse(error, raw=raw, defects=defects)
            return None

    records = raw_records(text, member="advisories", limits=limits)
    return AdvisoryFeed(format="github-advisory", records=records, read=read)


def _record(value: Object, *, pointer: str, defects: Defects) -> AdvisoryRecord:
    identifier = identifier_of(value, "ghsa_id")
    affected = [
        found
        for place, entry in objects_of(value, "vulnerabilities", pointer="", defects=defects)
        if (found := _affected(entry, pointer=place, at=pointer, defects=defects)) is not None
    ]
    return AdvisoryRecord(
        source=source_of(identifier),
        identifier=identifier,
        affected=tuple(affected),
        affected_count=len(list_of(value, "vulnerabilities")),
        summary=text_of(value, "summary"),
        severity=(text_of(object_of(value, "cvss"), "vector_string") or text_of(value, "severity"))[:255],
        aliases=_aliases(value, identifier),
        modified_at=_time(value, "updated_at"),
        published_at=_time(value, "published_at"),
        withdrawn_at=_time(value, "withdrawn_at"),
    )


def _affected(entry: Object, *, pointer: str, at: str, defects: Defects) -> AffectedRecord | None:
    package = object_of(entry, "package")
    name, ecosystem = text_of(package, "name"), text_of(package, "ecosystem")
    if not name:
        defects.add("affected_without_package", at + pointer, "The entry names no package; it was left out.")
        return None
    if len(name) > LONGEST_NAME:
        raise FormatError("too_long", f"A name has more than {LONGEST_NAME} characters.", pointer=pointer)
    known = read_ecosystem(ecosystem)
    text = text_of(entry, "vulnerable_version_range")
    if known is None:
        message = f"{ecosystem[:60]!r} is no ecosystem whose packages are looked for; the entry is kept."
        defects.add("unknown_ecosystem", at + join(pointer, "package", "ecosystem"), message)
    elif text:
        _check_range(known.type, text, pointer=join(pointer, "vulnerable_version_range"))
    ranges = [{"type": "NATIVE", "range": text}] if text else []
    return AffectedRecord(
        ecosystem=ecosystem,
        name=name,
        key=None if known is None else osv_package(known, name),
        ranges=json.dumps(ranges) if ranges else "",
    )


def _check_range(purl_type: str, text: str, *, pointer: str) -> None:
    try:
        parse_range(purl_type, text)
    except RangeError as error:
        raise FormatError("bad_range", error.message, pointer=pointer) from error


def _aliases(value: Object, identifier: str) -> tuple[str, ...]:
    listed = [text_of(item, "value") for item in list_of(value, "identifiers") if isinstance(item, dict)]
    names = dict.fromkeys([text_of(value, "cve_id"), *listed])
    return tuple(name for name in names if name and name != identifier and len(name) <= LONGEST_ID)


def _time(value: Object, name: str) -> datetime | None:
    given = value.get(name)
    if given is None:
        return None
    at = parse_timestamp(given)
    if at is None:
        raise FormatError("bad_timestamp", f"{name} is no RFC 3339 time with a zone.", pointer=join("", name))
    return at
