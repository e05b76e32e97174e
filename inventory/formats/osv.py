"""Reads advisories of OSV's shape: GHSA, MAL, PYSEC, Go's and the distributions' records.

Source: ossf/osv-schema 1.7, schema.json. One record, a list of them, or the answer of a query (`{"vulns": […]}`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.advisory import AdvisoryRecord, AffectedRecord
from inventory.formats.advisory_records import AdvisoryFeed, RawRecord
from inventory.formats.json_fields import Object, list_of, object_of, objects_of, text_of, texts_of
from inventory.formats.pointers import join
from inventory.formats.records import FormatError
from inventory.formats.strict_json import bad_string
from inventory.formats.text import Utf8, require_utf8
from inventory.formats.timestamps import parse_timestamp
from inventory.formats.yaml_nodes import Mapping, Node, Scalar, parse_yaml
from inventory.identity.ecosystems import Ecosystem, osv_package, read_ecosystem, read_release
from inventory.identity.purls import PackageKey, PurlError, parse_purl
from inventory.identity.versions.osv import EventKind, RangeType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from inventory.formats.defects import Defects
    from inventory.formats.limits import Limits
    from inventory.formats.strict_json import Json

LONGEST_ID: Final = 255
LONGEST_NAME: Final = 1024
MOST_AFFECTED: Final = 20_000
MOST_VERSIONS: Final = 200_000
"""Of one record, in all its entries: the most that the largest real records have, several times over."""

_MEMBERS: Final = ("id", "modified", "published", "withdrawn", "summary", "severity", "aliases", "upstream", "related",
                   "affected", "database_specific")  # fmt: skip
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][\x21-\x7e]*")
_SOURCE: Final = re.compile(r"[A-Za-z]+")
_EVENTS: Final = frozenset(kind.value for kind in EventKind)
_TYPES: Final = frozenset({RangeType.SEMVER, RangeType.ECOSYSTEM, RangeType.GIT})
_DISTRIBUTIONS: Final = frozenset(
    {"ALBA", "ALEA", "ALSA", "ALPINE", "BELL", "CGA", "DEBIAN", "DLA", "DSA", "DTSA", "ECHO", "MGASA", "MINI", "OESA",
     "OPENSUSE", "RHBA", "RHEA", "RHSA", "RLSA", "RXSA", "SUSE", "UBUNTU", "USN"}
)  # fmt: skip
"""Sources whose records say that packages of a distribution are fixed of what others found."""
_ENDS: Final = ("fixed", "last_affected")


def read_osv(text: Utf8, *, version: str, limits: Limits) -> AdvisoryFeed:
    """Read a document that is one record, a list of records, or the answer of a query; see AdvisoryFeed.

    Raises FormatError: `wrong_shape`, `too_many_records`, and the codes of broken JSON.
    """

    def read(raw: RawRecord, defects: Defects) -> AdvisoryRecord | None:
        return read_record(raw, limits=limits, defects=defects)

    return AdvisoryFeed(
        format="osv", format_version=version, records=raw_records(text, member="vulns", limits=limits), read=read
    )


def read_osv_yaml(text: Utf8, *, limits: Limits) -> AdvisoryFeed:
    """Read one record written as YAML, as the databases of PyPI's and R's advisories keep them."""

    def read(raw: RawRecord, defects: Defects) -> AdvisoryRecord | None:
        value = _plain(parse_yaml(text, limits=limits))
        if not isinstance(value, dict):
            raise FormatError("wrong_shape", "The document must be a mapping.")
        return record_of(value, pointer=raw.pointer, defects=defects)

    return AdvisoryFeed(
        format="osv-yaml", media_type="application/yaml", records=iter([RawRecord("", text.data)]), read=read
    )


def raw_records(text: Utf8, *, member: str, limits: Limits) -> Iterator[RawRecord]:
    """Yield the records of a document undecoded: itself, the items of its list, or those of the list in `member`."""
    if text.data.lstrip()[:1] == b"[":
        yield from _items(msgspec.Raw(text.data), pointer="", limits=limits)
        return
    members = json_parts.read_members(text)
    if member in members and "id" not in members:
        yield from _items(members[member], pointer=join("", member), limits=limits)
        return
    yield RawRecord("", text.data)


def read_record(raw: RawRecord, *, limits: Limits, defects: Defects) -> AdvisoryRecord | None:
    """Read one record; None, and a warning, where it breaks the schema so that a reader could be misled."""
    try:
        value = members_of(require_utf8(raw.data), _MEMBERS, limits=limits)
        return record_of(value, pointer=raw.pointer, defects=defects)
    except FormatError as error:
        refuse(error, raw=raw, defects=defects)
        return None


def members_of(text: Utf8, names: Iterable[str], *, limits: Limits) -> Object:
    """Decode these members of a record, and nothing of the others: most of a record is prose.

    Raises FormatError: `document_too_large`, `duplicate_key` (at the top), `nul_in_string` and its relatives, and the
    codes of broken JSON.
    """
    if len(text.data) > limits.whole_bytes:
        raise FormatError("document_too_large", f"A record may have {limits.whole_bytes} bytes.")
    members = json_parts.read_members(text)
    value: dict[str, Any] = {
        name: json_parts.decode_value(members[name], pointer=join("", name)) for name in names if name in members
    }
    unfit = bad_string(value, limits=limits) if json_parts.has_dubious_escapes(text) else None
    if unfit is not None:
        raise FormatError(unfit.code, "The record holds a string that cannot be stored.", pointer=unfit.pointer)
    return value


def refuse(error: FormatError, *, raw: RawRecord, defects: Defects) -> None:
    """Note that a record was left out, and why; a document that is this one record is refused with it instead."""
    if not raw.pointer:
        raise error
    place = raw.pointer + error.pointer if raw.pointer.startswith("/") else raw.pointer
    defects.add("bad_advisory", place, f"The record was not read ({error.code}): {error.message}")


def record_of(value: Object, *, pointer: str, defects: Defects) -> AdvisoryRecord:
    """Make a record of OSV's shape. Raises FormatError for what refuses it."""
    identifier = identifier_of(value, "id")
    modified_at = _time(value, "modified", defects=defects, pointer=pointer)
    entries = list_of(value, "affected")
    if len(entries) > MOST_AFFECTED:
        raise FormatError("too_many_affected", f"The record names {len(entries)} packages.", pointer="/affected")
    affected = [
        found
        for place, entry in objects_of(value, "affected", pointer="", defects=defects)
        if (found := _affected(entry, pointer=place, at=pointer, defects=defects)) is not None
    ]
    if sum(len(entry.versions) for entry in affected) > MOST_VERSIONS:
        raise FormatError("too_many_versions", f"The record lists more than {MOST_VERSIONS} versions.")
    return AdvisoryRecord(
        source=source_of(identifier),
        identifier=identifier,
        affected=tuple(affected),
        affected_count=len(entries),
        summary=text_of(value, "summary"),
        severity=_severity(value),
        aliases=_names(value, "aliases"),
        upstream=_upstream(value, source=source_of(identifier)),
        modified_at=modified_at,
        published_at=_time(value, "published", defects=defects, pointer=pointer),
        withdrawn_at=_withdrawn(value),
    )


def identifier_of(value: Object, name: str) -> str:
    """Return a record's id; raises FormatError where it has none that can be kept."""
    identifier = text_of(value, name)
    if not _IDENTIFIER.fullmatch(identifier) or len(identifier) > LONGEST_ID:
        raise FormatError("bad_identifier", f"{identifier[:60]!r} is no id of an advisory.", pointer=join("", name))
    return identifier


def source_of(identifier: str) -> str:
    """Return whose record an id names: the letters it begins with."""
    match = _SOURCE.match(identifier)
    return match[0].upper() if match else "other"


def _items(raw: msgspec.Raw, *, pointer: str, limits: Limits) -> Iterator[RawRecord]:
    items = json_parts.array_items(raw, pointer=pointer)
    if len(items) > limits.components:
        raise FormatError("too_many_records", f"The document has more than {limits.components} records.")
    for index, item in enumerate(items):
        yield RawRecord(join(pointer, index), bytes(item))


def _affected(entry: Object, *, pointer: str, at: str, defects: Defects) -> AffectedRecord | None:
    """Read one entry. An entry without package speaks of a repository's commits alone: nothing here can match it."""
    package = object_of(entry, "package")
    name, ecosystem = text_of(package, "name"), text_of(package, "ecosystem")
    ranges = _ranges(entry, pointer=pointer)
    if not name:
        defects.add("affected_without_package", at + pointer, "The entry names no package; it was left out.")
        return None
    versions = texts_of(entry, "versions")
    if len(name) > LONGEST_NAME or any(len(version) > LONGEST_NAME for version in versions):
        raise FormatError("too_long", f"A name or version has more than {LONGEST_NAME} characters.", pointer=pointer)
    known = read_ecosystem(ecosystem)
    key = _key(known, name, purl_text=text_of(package, "purl"))
    if key is None:
        message = f"{ecosystem[:60]!r} is no ecosystem whose packages are looked for; the entry is kept."
        defects.add("unknown_ecosystem", at + join(pointer, "package", "ecosystem"), message)
    return AffectedRecord(
        ecosystem=ecosystem,
        name=name,
        key=key,
        release=known.release if known is not None else _release(text_of(package, "purl")),
        versions=versions,
        ranges=json.dumps(ranges, separators=(",", ":")) if ranges else "",
        imports=_imports(entry) if key is not None and key.type == "golang" else (),
    )


def _imports(entry: Object) -> tuple[str, ...]:
    """Return the packages of a Go module that are meant. Source: go.dev/doc/security/vuln/database."""
    found = list_of(object_of(entry, "ecosystem_specific"), "imports")
    paths = (text_of(item, "path").strip("/") for item in found if isinstance(item, dict))
    return tuple(dict.fromkeys(path for path in paths if 0 < len(path) <= LONGEST_NAME))


def _key(ecosystem: Ecosystem | None, name: str, *, purl_text: str) -> PackageKey | None:
    if ecosystem is not None:
        key = osv_package(ecosystem, name)
        return key if key.name else None
    try:
        return parse_purl(purl_text).key if purl_text else None
    except PurlError:
        return None


def _release(purl_text: str) -> str:
    try:
        qualifiers = dict(parse_purl(purl_text).qualifiers) if purl_text else {}
    except PurlError:
        return ""
    return read_release(qualifiers.get("distro", ""))


def _ranges(entry: Object, *, pointer: str) -> list[Object]:
    """Return the ranges as written, checked: events that contradict each other would be judged by chance."""
    place = join(pointer, "ranges")
    found = entry.get("ranges")
    if found is None:
        return []
    if not isinstance(found, list):
        raise FormatError("wrong_shape", "ranges must be a list.", pointer=place)
    checked: list[Object] = []
    for index, one in enumerate(found):
        if not isinstance(one, dict) or text_of(one, "type") not in _TYPES:
            raise FormatError("bad_range", "A range has a type: SEMVER, ECOSYSTEM or GIT.", pointer=join(place, index))
        _check_events(one.get("events"), pointer=join(place, index, "events"))
        checked.append({"type": text_of(one, "type"), "events": one["events"]})
    return checked


def _check_events(events: object, *, pointer: str) -> None:
    if not isinstance(events, list) or not events:
        raise FormatError("bad_range", "A range has a list of events.", pointer=pointer)
    seen = set()
    for index, event in enumerate(events):
        kinds = sorted(event.keys() & _EVENTS) if isinstance(event, dict) else []
        if len(kinds) != 1 or not isinstance(event[kinds[0]], str) or not event[kinds[0]].strip():
            raise FormatError(
                "bad_range", "An event is one of introduced, fixed, last_affected, limit.", pointer=join(pointer, index)
            )
        seen.add(kinds[0])
    if "introduced" not in seen:
        raise FormatError("bad_range", "The range never begins: it has no introduced event.", pointer=pointer)
    if all(end in seen for end in _ENDS):
        raise FormatError("bad_range", "A range has fixed or last_affected events, not both.", pointer=pointer)


def _names(value: Object, name: str) -> tuple[str, ...]:
    return tuple(found for found in texts_of(value, name) if len(found) <= LONGEST_ID)


def _upstream(value: Object, *, source: str) -> tuple[str, ...]:
    """Return what a record was made from. Before 1.7 distributions had no word for it but `related`."""
    found = _names(value, "upstream")
    return found or (_names(value, "related") if source in _DISTRIBUTIONS else ())


def _severity(value: Object) -> str:
    """Return the record's score as written, else the word that the database gives beside it."""
    scores = [item for item in list_of(value, "severity") if isinstance(item, dict)]
    best = next((text_of(item, "score") for item in reversed(scores) if text_of(item, "score")), "")
    return (best or text_of(object_of(value, "database_specific"), "severity"))[:255]


def _withdrawn(value: Object) -> datetime | None:
    """Return when the record was withdrawn. A time that cannot be read refuses it: it may or may not stand."""
    given = value.get("withdrawn")
    if given is None:
        return None
    at = parse_timestamp(given)
    if at is None:
        raise FormatError("bad_timestamp", "withdrawn is no RFC 3339 time with a zone.", pointer="/withdrawn")
    return at


def _time(value: Object, name: str, *, pointer: str, defects: Defects) -> datetime | None:
    given = value.get(name)
    if given is None or (isinstance(given, str) and given.startswith("0001-")):
        return None  # Go's zero time: its database fills it in when it exports.
    at = parse_timestamp(given)
    if at is None:
        defects.add("bad_timestamp", pointer + join("", name), f"{name} is no RFC 3339 time with a zone.")
    return at


def _plain(node: Node) -> Json:
    """Return a YAML tree as JSON values. Every scalar but null is a text: a version `1.10` is none but this."""
    if isinstance(node, Scalar):
        return None if node.is_null else node.text
    if isinstance(node, Mapping):
        return {name: _plain(member) for name, member in node.members.items()}
    return [_plain(item) for item in node.items]
