"""Reads pods as the Kubernetes API lists them: a Pod, a PodList, or kubectl's List (API reference v1).

Other workloads, alone or among the pods, are read for what they declare. What ran is in `status.*Statuses[].imageID`;
`spec` only says what was asked for. A container that never started has run nothing and makes no record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.kubernetes_declared import has_template, read_declared
from inventory.formats.kubernetes_owners import workload_of
from inventory.formats.limits import Limits
from inventory.formats.records import ArtifactKind, ContainerClass, FormatError, RunRecord, RuntimeRecord
from inventory.formats.runtime_fields import LONGEST_TEXT, RecordDefect, image_digest, image_kind
from inventory.formats.strict_json import Json, bad_string, parse_text
from inventory.formats.text import Utf8
from inventory.formats.timestamps import parse_timestamp

_LISTS: Final = (
    ("containers", "containerStatuses", ContainerClass.CONTAINER),
    ("initContainers", "initContainerStatuses", ContainerClass.INIT),
    ("ephemeralContainers", "ephemeralContainerStatuses", ContainerClass.EPHEMERAL),
)
_POD: Final = "Pod"
_SEND: Final = "To report what runs, send pods: kubectl get pods -A -o json."
_SERVICE_LABELS: Final = ("app.kubernetes.io/part-of", "app.kubernetes.io/name")
_ARCHITECTURE_LABELS: Final = ("kubernetes.io/arch", "beta.kubernetes.io/arch")

Members = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class _Pod:
    """The parts of one pod that every container of it shares."""

    pointer: str
    spec: Members
    status: Members
    namespace: str
    name: str
    workload_kind: str
    workload_name: str
    service: str
    architecture: str


def read_kubernetes(text: Utf8, *, limits: Limits) -> RuntimeRecord:
    """Read every container of every pod, and the images that other workloads declare.

    A pod that cannot be used is refused with a warning; the others survive. Objects that hold no container are passed
    over and counted. Raises FormatError: `wrong_shape`, `no_pods` (objects, but neither pod nor workload among them),
    `too_many_records`, and the codes of strict JSON.
    """
    body = parse_text(text, limits=limits)
    if not isinstance(body, dict):
        raise FormatError("wrong_shape", "A Kubernetes document is an object.")
    defects = Defects()
    if text.bom_stripped:
        defects.add("bom_stripped", "", "The document begins with a byte order mark, which was skipped.")
    record = RuntimeRecord(format="kubernetes", runs=[], partial=_is_partial(body))
    for item in _objects_of(body, defects=defects):
        try:
            _read_item(item, record, limits=limits, defects=defects)
        except RecordDefect as defect:
            what = "Pod" if item.is_pod else "Workload"
            told = (defect.code, defect.pointer, f"{what} not read: {defect.message}")
            defects.add(*told)
            if item.is_pod:
                record.reject(*told)
        if len(record.runs) + len(record.declared) > limits.components:
            raise FormatError("too_many_records", f"The list has more than {limits.components} containers.")
    record.record_count = len(record.runs) + record.rejected_count
    _tell_declared(record, defects=defects)
    record.warnings = defects.warnings()
    return record


def _is_partial(body: Members) -> bool:
    """A page of a list is not the whole: `continue` and `remainingItemCount` say so."""
    metadata = _members(body.get("metadata"))
    return bool(metadata.get("continue") or metadata.get("remainingItemCount"))


@dataclass(frozen=True, slots=True)
class _Item:
    """One object of the document: a pod, or a workload that declares containers."""

    pointer: str
    kind: str
    value: Json

    @property
    def is_pod(self) -> bool:
        return self.kind == _POD


def _objects_of(body: Members, *, defects: Defects) -> list[_Item]:
    kind = _text(body, "kind")
    items = body.get("items")
    if not kind.endswith("List"):
        if kind != _POD and not has_template(body):
            raise FormatError("no_pods", f"A {kind[:60] or 'nameless object'} holds no container. {_SEND}")
        return [_Item("", kind, dict(body))]
    if not isinstance(items, list):
        raise FormatError("wrong_shape", "items must be an array.", pointer="/items")
    default = kind.removesuffix("List")
    found: list[_Item] = []
    for index, item in enumerate(items):
        pointer = f"/items/{index}"
        given = _members(item).get("kind", default)
        if given == _POD or not isinstance(item, dict):
            found.append(_Item(pointer, _POD, item))
        elif isinstance(given, str) and given and has_template(item):
            found.append(_Item(pointer, given, item))
        else:
            message = f"{str(given)[:60]} is not a pod and declares no container; it was passed over."
            defects.add("not_a_pod", pointer, message)
    if items and not found:
        raise FormatError("no_pods", f"The list holds no pod. {_SEND}")
    return found


def _read_item(item: _Item, record: RuntimeRecord, *, limits: Limits, defects: Defects) -> None:
    if not isinstance(item.value, dict):
        raise RecordDefect("wrong_shape", item.pointer, "a pod must be an object.")
    unfit = bad_string(item.value, limits=limits)
    if unfit is not None:
        raise RecordDefect(unfit.code, item.pointer + unfit.pointer, "it holds a string that cannot be stored.")
    if item.is_pod:
        record.runs.extend(_read_pod(item.value, pointer=item.pointer, defects=defects))
    else:
        record.declared.extend(read_declared(item.value, kind=item.kind, pointer=item.pointer, defects=defects))


def _tell_declared(record: RuntimeRecord, *, defects: Defects) -> None:
    """Say once, and plainly, that what is declared is not counted as running."""
    if record.declared:
        workloads = {(one.namespace, one.workload_kind, one.workload_name) for one in record.declared}
        message = (
            f"Declared here: {_counted(len(record.declared), 'image')}, by {_counted(len(workloads), 'workload')}. "
            f"What is declared is not what runs: none of it is counted as running. {_SEND}"
        )
        defects.add("declared_only", "", message)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _read_pod(value: Members, *, pointer: str, defects: Defects) -> list[RunRecord]:
    metadata = _members(value.get("metadata"))
    name, namespace = _text(metadata, "name"), _text(metadata, "namespace")
    if not name or not namespace:
        raise RecordDefect("missing_field", pointer + "/metadata", "a pod must have a name and a namespace.")
    spec = _members(value.get("spec"))
    labels = _members(metadata.get("labels"))
    owner = workload_of(metadata, spec)
    pod = _Pod(
        pointer=pointer,
        spec=spec,
        status=_members(value.get("status")),
        namespace=namespace,
        name=name,
        workload_kind=owner.kind,
        workload_name=owner.name,
        service=next(filter(None, (_text(labels, label) for label in _SERVICE_LABELS)), ""),
        architecture=_architecture(spec),
    )
    return [*_containers(pod, defects=defects), *_image_volumes(pod)]


def _containers(pod: _Pod, *, defects: Defects) -> Iterator[RunRecord]:
    for spec_list, status_list, container_class in _LISTS:
        statuses = {_text(status, "name"): status for status in _objects(pod.status.get(status_list))}
        specs = {_text(spec, "name"): spec for spec in _objects(pod.spec.get(spec_list))}
        for index, name in enumerate({**specs, **statuses}):
            pointer = f"{pod.pointer}/spec/{spec_list}/{index}"
            status = statuses.get(name, {})
            if not name:
                defects.add("missing_field", pointer + "/name", "A container has no name; it was passed over.")
            elif not _has_run(status):
                defects.add("not_started", pointer, f"Container {name[:100]!r} has not started: it ran nothing yet.")
            else:
                yield _run(pod, specs.get(name, {}), status, container_class=container_class, pointer=pointer)


def _run(pod: _Pod, spec: Members, status: Members, *, container_class: ContainerClass, pointer: str) -> RunRecord:
    state, last = _members(status.get("state")), _members(status.get("lastState"))
    terminated, running = _members(state.get("terminated")), _members(state.get("running"))
    before = _members(last.get("terminated"))
    image = _text(spec, "image") or _text(status, "image")
    image_id = _text(status, "imageID")
    started = running.get("startedAt") or terminated.get("startedAt") or before.get("startedAt")
    return RunRecord(
        pointer=pointer,
        cluster="",
        namespace=pod.namespace,
        workload_kind=pod.workload_kind,
        workload_name=pod.workload_name,
        container=_text(spec, "name") or _text(status, "name"),
        container_class=container_class,
        pod=pod.name,
        image=image[:LONGEST_TEXT],
        digest=image_digest(image_id) or image_digest(image),
        digest_kind=image_kind(image_id or image),
        ended="terminated" in state,
        started_at=parse_timestamp(started),
        ended_at=parse_timestamp(terminated.get("finishedAt")),
        node_architecture=pod.architecture,
        service=pod.service,
    )


def _image_volumes(pod: _Pod) -> Iterator[RunRecord]:
    """Images mounted as volumes (since 1.31); the status names none, so only a pinned reference gives a digest."""
    if not any(_has_run(status) for status in _objects(pod.status.get("containerStatuses"))):
        return
    for index, volume in enumerate(_objects(pod.spec.get("volumes"))):
        reference = _text(_members(volume.get("image")), "reference")
        if reference:
            yield RunRecord(
                pointer=f"{pod.pointer}/spec/volumes/{index}/image",
                cluster="",
                namespace=pod.namespace,
                workload_kind=pod.workload_kind,
                workload_name=pod.workload_name,
                container=_text(volume, "name"),
                container_class=ContainerClass.IMAGE_VOLUME,
                pod=pod.name,
                image=reference[:LONGEST_TEXT],
                digest=image_digest(reference),
                digest_kind=ArtifactKind.UNKNOWN,
                node_architecture=pod.architecture,
                service=pod.service,
            )


def _has_run(status: Members) -> bool:
    """Tell whether a container started: the runtime knows its image, or it runs, or it ended."""
    state, last = _members(status.get("state")), _members(status.get("lastState"))
    return bool(_text(status, "imageID") or "running" in state or "terminated" in state or "terminated" in last)


def _architecture(spec: Members) -> str:
    selector = _members(spec.get("nodeSelector"))
    return next(filter(None, (_text(selector, label) for label in _ARCHITECTURE_LABELS)), "")


def _members(value: object) -> Members:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> list[Members]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(members: Members, name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""
