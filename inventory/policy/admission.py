"""Which images an AdmissionReview would start, whatever holds them: strict, since what is not seen is not judged.

Source: k8s.io/api/admission/v1, k8s.io/api/core/v1 (containers, initContainers, ephemeralContainers; volumes with an
image, KEP-4639).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from inventory.formats.kubernetes_owners import workload_of
from inventory.policy.asked import Subject
from inventory.policy.subjects import subject_of
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = Mapping[str, object]

REVIEW, REVIEW_VERSIONS = "AdmissionReview", ("admission.k8s.io/v1",)
MAX_IMAGES = 500
MAX_UID = 255
_TEMPLATES: Final[Mapping[str, tuple[str, ...]]] = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "PodTemplate": ("template", "spec"),
}
"""Where the specification of the pod stands, by kind."""
_IMAGELESS: Final = frozenset({"Scale", "Eviction", "Binding"})
"""Kinds of subresources that start no image of their own: the pods that follow are reviewed themselves."""
_LISTS: Final = ("initContainers", "containers", "ephemeralContainers")
_SERVICE_LABELS: Final = ("app.kubernetes.io/part-of", "app.kubernetes.io/name")


class BadReviewError(DomainError):
    """The body is no AdmissionReview that could be answered: it has no uid to echo."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_review", message)


class UnreadableReviewError(DomainError):
    """The review can be answered, and not judged: it is refused with its uid."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is to be judged. No subjects: nothing would start, or nothing that did not run already.

    `unknown_kind` names a kind whose images nobody knows how to find.
    """

    namespace: str
    service: str
    workload: str
    subjects: tuple[Subject, ...]
    is_dry_run: bool
    unknown_kind: str = ""


def read_uid(body: object) -> str:
    """Return the uid to echo. Raises BadReviewError."""
    request = body.get("request") if isinstance(body, Mapping) else None
    uid = request.get("uid") if isinstance(request, Mapping) else None
    if not isinstance(uid, str) or not 0 < len(uid) <= MAX_UID or not uid.isprintable():
        raise BadReviewError("This is no AdmissionReview: its request has no uid.")
    return uid


def read_review(given: object) -> Review:
    """Read a review whose uid is known. Raises UnreadableReviewError."""
    body = _object(given, "the body")
    if body.get("kind") != REVIEW or body.get("apiVersion") not in REVIEW_VERSIONS:
        raise UnreadableReviewError("unsupported_review", f"Only AdmissionReview of {REVIEW_VERSIONS[0]} is answered.")
    request = _object(body.get("request"), "request")
    operation = _text(request.get("operation"), "operation")
    namespace, is_dry_run = _text(request.get("namespace"), "namespace"), request.get("dryRun") is True
    kind = _text(_object(request.get("kind") or {}, "kind").get("kind"), "kind")
    nothing = Review(namespace=namespace, service="", workload="", subjects=(), is_dry_run=is_dry_run)
    if operation in {"DELETE", "CONNECT"} or kind in _IMAGELESS:
        return nothing
    found = _object(request.get("object"), "object")
    path = _TEMPLATES.get(kind) or _template_of(found)
    if path is None:
        return replace(nothing, unknown_kind=kind[:63] or "?")
    images = _images(_at(found, path))
    if operation == "UPDATE" and isinstance(old := request.get("oldObject"), Mapping):
        # What runs already is left alone: a label can be set, a deployment be scaled down, whatever it runs.
        before = set(_images(_at(old, path)))
        images = [image for image in images if image not in before]
    return Review(
        namespace=namespace,
        service=_service(found, path),
        workload=_workload(found, kind=kind),
        subjects=tuple(subject_of(image) for image in dict.fromkeys(images)),
        is_dry_run=is_dry_run,
    )


def _template_of(found: Object) -> tuple[str, ...] | None:
    """Return where a kind not listed here holds a pod's specification, as a Rollout does; None: nowhere known."""
    for path in dict.fromkeys(_TEMPLATES.values()):
        place: object = found
        for step in path:
            place = _mapping(place).get(step)
        if isinstance(_mapping(place).get("containers"), list):
            return path
    return None


def _images(spec: Object) -> list[str]:
    found = [*_of_containers(spec), *_of_volumes(spec)]
    if len(found) > MAX_IMAGES:
        raise UnreadableReviewError("too_many_images", f"The object names more than {MAX_IMAGES} images.")
    return found


def _of_containers(spec: Object) -> Iterator[str]:
    for name in _LISTS:
        for number, container in enumerate(_list(spec.get(name), name)):
            where = f"{name}/{number}"
            yield _text(_object(container, where).get("image"), f"{where}/image")


def _of_volumes(spec: Object) -> Iterator[str]:
    for number, volume in enumerate(_list(spec.get("volumes"), "volumes")):
        mounted = _object(volume, f"volumes/{number}").get("image")
        if mounted is not None:
            where = f"volumes/{number}/image"
            yield _text(_object(mounted, where).get("reference"), f"{where}/reference")


def _service(found: Object, path: tuple[str, ...]) -> str:
    """Return the service that the labels name: the pod's, then the object's."""
    for holder in (_at(found, path[:-1]), found):
        labels = _mapping(_mapping(holder.get("metadata")).get("labels"))
        for label in _SERVICE_LABELS:
            if value := _text(labels.get(label), f"labels/{label}"):
                return value[:255]
    return ""


def _workload(found: Object, *, kind: str) -> str:
    metadata = _mapping(found.get("metadata"))
    if kind == "Pod":
        owner = workload_of(metadata, _mapping(found.get("spec")))  # type: ignore[arg-type]  # JSON as it was parsed
        kind, name = owner.kind, owner.name
    else:
        name = _text(metadata.get("name") or metadata.get("generateName"), "metadata/name")
    return _text(f"{kind}/{name}", "the name of the workload")[:512]


def _at(found: Object, path: tuple[str, ...]) -> Object:
    place: Object = found
    for number, step in enumerate(path):
        place = _object(place.get(step), "/".join(("object", *path[: number + 1])))
    return place


def _object(value: object, where: str) -> Object:
    if not isinstance(value, Mapping):
        raise UnreadableReviewError("bad_object", f"{where} is no object.")
    return value


def _list(value: object, where: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadableReviewError("bad_object", f"{where} is no list.")
    return value


def _mapping(value: object) -> Object:
    return value if isinstance(value, Mapping) else {}


def _text(value: object, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 4_096 or not value.isprintable():
        raise UnreadableReviewError("bad_object", f"{where} is no text that can be printed.")
    return value
