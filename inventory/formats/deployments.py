"""Reads runtime reports: our deployment record, lists of it, a cluster's snapshot, and GitHub's deployment record.

GitHub's shape is that of its REST API for artifact metadata (deployment records, one or a cluster's list).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.limits import DEFAULT_LIMITS, Limits
from inventory.formats.records import ArtifactKind, ContainerClass, FormatError, RunRecord, RuntimeRecord
from inventory.formats.runtime_fields import LONGEST_TEXT, RecordDefect, RecordFields, image_digest, image_kind
from inventory.formats.strict_json import Json, bad_string, parse_text
from inventory.formats.text import Utf8, require_utf8
from inventory.formats.timestamps import parse_timestamp
from inventory.identity.digests import Digest
from inventory.identity.images import ImageError, parse_image

_OURS: Final = frozenset(
    {"cluster", "namespace", "workload", "container", "container_class", "image", "digest", "environment", "service",
     "team", "status", "observed_at", "started_at", "ended_at", "pod", "node_arch", "tags", "runtime_risks"}
)  # fmt: skip
_STATUSES: Final = {"": False, "running": False, "deployed": False, "ended": True, "decommissioned": True}
_CLASSES: Final = {"": ContainerClass.CONTAINER, **{item.value: item for item in ContainerClass}}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One record to read. `shared` are members of the list around it that count for each (GitHub's environments)."""

    value: Json
    pointer: str
    shared: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class _Image:
    reference: str
    digest: Digest | None
    kind: ArtifactKind


def read_deployments(text: Utf8, *, limits: Limits) -> RuntimeRecord:
    """Read one record, a list of records, or a snapshot body.

    A defect of one record refuses that record with a warning; the others survive. Raises FormatError for the request:
    `wrong_shape`, `no_records`, `too_many_records`, `bad_timestamp`, `bad_namespaces`, and the codes of strict JSON.
    """
    body = parse_text(text, limits=limits)
    defects = Defects()
    if text.bom_stripped:
        defects.add("bom_stripped", "", "The document begins with a byte order mark, which was skipped.")
    record = RuntimeRecord(format="deployment", runs=[])
    entries = _entries(body, record, limits=limits)
    if len(entries) > limits.components:
        raise FormatError("too_many_records", f"The list has more than {limits.components} records.")
    for entry in entries:
        try:
            record.runs.append(_read_entry(entry, limits=limits, defects=defects))
        except RecordDefect as defect:
            told = (defect.code, defect.pointer, f"Record not read: {defect.message}")
            defects.add(*told)
            record.reject(*told)
    record.record_count = len(entries)
    record.warnings = defects.warnings()
    return record


def is_self_dated(data: bytes) -> bool:
    """Tell whether a report says itself when everything in it was seen, so that equal bytes are the same observation.

    True when a snapshot has `observed_at`, or each record has one. What cannot be read is not self-dated.
    """
    try:
        body = parse_text(require_utf8(data), limits=DEFAULT_LIMITS)
        record = RuntimeRecord(format="deployment", runs=[])
        entries = _entries(body, record, limits=DEFAULT_LIMITS)
    except FormatError:
        return False
    if record.observed_at is not None:
        return True
    values = [entry.value for entry in entries]
    dated = [isinstance(value, dict) and parse_timestamp(value.get("observed_at")) is not None for value in values]
    return bool(dated) and all(dated)


def _entries(body: Json, record: RuntimeRecord, *, limits: Limits) -> list[_Entry]:
    """Find the records; for a snapshot note in `record` what it covers."""
    if isinstance(body, list):
        if not body:
            raise FormatError("no_records", "The list is empty. Send at least one record.")
        return [_Entry(value, f"/{index}", {}) for index, value in enumerate(body)]
    if not isinstance(body, dict):
        raise FormatError("wrong_shape", "A deployment record is an object, or an array of objects.")
    shared = {name: value for name, value in body.items() if name not in {"records", "deployments"}}
    unfit = bad_string(shared, limits=limits) if len(shared) < len(body) else None
    if unfit is not None:
        raise FormatError(unfit.code, "It holds a string that cannot be stored.", pointer=unfit.pointer)
    if "records" in body:
        _read_snapshot(body, record)
        return _listed(body, "records", {})
    if "deployments" in body:
        return _listed(body, "deployments", shared)
    return [_Entry(body, "", {})]


def _listed(body: Mapping[str, Json], name: str, shared: Mapping[str, Json]) -> list[_Entry]:
    values = body[name]
    if not isinstance(values, list):
        raise FormatError("wrong_shape", f"{name} must be an array.", pointer=f"/{name}")
    return [_Entry(value, f"/{name}/{index}", shared) for index, value in enumerate(values)]


def _read_snapshot(body: Mapping[str, Json], record: RuntimeRecord) -> None:
    observed = body.get("observed_at")
    record.observed_at = parse_timestamp(observed)
    if observed is not None and record.observed_at is None:
        message = "observed_at is no RFC 3339 time with zone."
        raise FormatError("bad_timestamp", message, pointer="/observed_at")
    uid = body.get("cluster_uid")
    record.cluster_uid = uid.strip()[:64] if isinstance(uid, str) and uid.isprintable() else ""
    namespaces = body.get("namespaces")
    if namespaces is None:
        return
    names = [name for name in namespaces if isinstance(name, str) and name] if isinstance(namespaces, list) else []
    if not isinstance(namespaces, list) or not names or len(names) != len(namespaces):
        message = 'namespaces must be a list of names, or ["*"] for all of the cluster.'
        raise FormatError("bad_namespaces", message, pointer="/namespaces")
    record.namespaces = ("*",) if "*" in names else tuple(dict.fromkeys(names))


def _read_entry(entry: _Entry, *, limits: Limits, defects: Defects) -> RunRecord:
    if not isinstance(entry.value, dict):
        raise RecordDefect("wrong_shape", entry.pointer, "a record must be an object.")
    unfit = bad_string(entry.value, limits=limits)
    if unfit is not None:
        raise RecordDefect(unfit.code, entry.pointer + unfit.pointer, "it holds a string that cannot be stored.")
    members = {**entry.shared, **entry.value}
    fields = RecordFields(members, pointer=entry.pointer, defects=defects)
    if "deployment_name" in members:
        return _read_github(fields, entry)
    for name in sorted(members.keys() - _OURS):
        defects.add("unknown_field", f"{entry.pointer}/{name[:100]}", f"{name[:100]} is not a field of a record.")
    return _read_ours(fields, members, entry)


def _read_ours(fields: RecordFields, members: Mapping[str, Json], entry: _Entry) -> RunRecord:
    kind, name = _workload(members.get("workload"), fields, entry)
    image = _image(fields)
    return RunRecord(
        pointer=entry.pointer,
        cluster=fields.optional("cluster"),
        namespace=fields.required("namespace"),
        workload_kind=kind,
        workload_name=name,
        container=fields.required("container"),
        container_class=_class(fields),
        pod=fields.optional("pod"),
        image=image.reference,
        digest=image.digest,
        digest_kind=image.kind,
        ended=_ended(fields),
        observed_at=fields.time("observed_at"),
        started_at=fields.time("started_at"),
        ended_at=fields.time("ended_at"),
        node_architecture=fields.optional("node_arch"),
        environment=fields.optional("environment"),
        service=fields.optional("service"),
        team=fields.optional("team"),
        tags=fields.tags("tags"),
        runtime_risks=fields.texts("runtime_risks"),
    )


def _read_github(fields: RecordFields, entry: _Entry) -> RunRecord:
    parts = fields.required("deployment_name", longest=LONGEST_TEXT).split("/")
    if len(parts) != 3 or not all(parts):
        message = "deployment_name must be namespace/deployment/container."
        raise fields.defect("bad_value", "deployment_name", message)
    name, version = fields.required("name", longest=LONGEST_TEXT), fields.optional("version")
    text = fields.required("digest", longest=LONGEST_TEXT)
    digest = image_digest(text)
    if digest is None:
        raise fields.defect("bad_digest", "digest", "digest must be sha256:<64 hex characters>.")
    return RunRecord(
        pointer=entry.pointer,
        cluster=fields.optional("cluster"),
        namespace=parts[0],
        workload_kind="Deployment",
        workload_name=parts[1],
        container=parts[2],
        container_class=ContainerClass.CONTAINER,
        pod="",
        image=f"{name}:{version}" if version and "@" not in name else name,
        digest=digest,
        digest_kind=image_kind(text),
        ended=_ended(fields),
        environment=fields.optional("logical_environment"),
        tags=fields.tags("tags"),
        runtime_risks=fields.texts("runtime_risks"),
    )


def _workload(value: Json, fields: RecordFields, entry: _Entry) -> tuple[str, str]:
    """Read `{"kind", "name"}` or `Kind/name`."""
    if value is None:
        raise fields.defect("missing_field", "workload", "workload is missing.")
    if isinstance(value, dict):
        inner = RecordFields(value, pointer=entry.pointer + "/workload", defects=Defects())
        return inner.required("kind"), inner.required("name")
    kind, slash, name = fields.required("workload", longest=LONGEST_TEXT).partition("/")
    if not slash or not kind or not name or "/" in name:
        raise fields.defect("bad_value", "workload", 'workload must be Kind/name or {"kind", "name"}.')
    return kind, name


def _image(fields: RecordFields) -> _Image:
    """Read what runs: the digest as given, else the one the image reference is pinned to; a tag alone is kept."""
    reference, text = fields.optional("image", longest=LONGEST_TEXT), fields.optional("digest", longest=LONGEST_TEXT)
    if not reference and not text:
        raise fields.defect("missing_field", "digest", "neither image nor digest is given.")
    if text:
        digest = image_digest(text)
        if digest is None:
            raise fields.defect("bad_digest", "digest", "digest must be sha256:<64 hex characters>.")
        return _Image(reference, digest, image_kind(text))
    try:
        digest = parse_image(reference).digest
    except ImageError as error:
        raise fields.defect("bad_image", "image", error.message) from error
    return _Image(reference, digest, ArtifactKind.UNKNOWN)


def _ended(fields: RecordFields) -> bool:
    status = fields.optional("status")
    if status not in _STATUSES:
        raise fields.defect("bad_value", "status", "status must be running or ended.")
    return _STATUSES[status]


def _class(fields: RecordFields) -> ContainerClass:
    text = fields.optional("container_class")
    if text not in _CLASSES:
        raise fields.defect(
            "bad_value", "container_class", f"container_class must be one of {', '.join(ContainerClass)}."
        )
    return _CLASSES[text]
