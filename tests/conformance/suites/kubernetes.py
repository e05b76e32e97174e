"""Kubernetes objects of every kind, in JSON and YAML: what ran, what is declared, or a refusal that says what to send.

What is expected is counted here with a walk of its own: each list of `containers` in a pod template.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from inventory.formats.read import read_document
from inventory.formats.records import FormatError, RuntimeRecord
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite

_LISTS: Final = ("containers", "initContainers", "ephemeralContainers")


def _cases(corpus: Path) -> Iterator[Case]:
    for entry in entries():
        path = str(entry["path"])
        if path.startswith("kubernetes/"):
            data = (corpus / path).read_bytes()
            yield Case(path, _expected(data), _read(data))


def _expected(data: bytes) -> str:
    try:
        value = json.loads(data)
    except ValueError:
        return "refused" if b"apiVersion" in data else "unknown"
    if not isinstance(value, dict):
        return "refused"
    objects = value.get("items") or [value]
    kind = str(value.get("kind", "")).removesuffix("List")
    pods = sum(_has_run(item) for item in objects if item.get("kind", kind) == "Pod")
    declared = sum(_declared(item) for item in objects if item.get("kind", kind) != "Pod" and "metadata" in item)
    return f"{pods} ran, {declared} declared" if pods or declared else "refused"


def _has_run(pod: dict[str, Any]) -> int:
    statuses = [one for name in _LISTS for one in pod.get("status", {}).get(name.removesuffix("s") + "Statuses", [])]
    return sum(bool(one.get("imageID") or one.get("state", {}).keys() & {"running", "terminated"}) for one in statuses)


def _declared(value: Any, *, in_template: bool = False) -> int:
    """Count the containers below a pod template, wherever it stands."""
    if not isinstance(value, dict):
        return 0
    own = sum(len(value[name]) for name in _LISTS if in_template and isinstance(value.get(name), list))
    below = (
        _declared(member, in_template=in_template or name in {"template", "jobTemplate"})
        for name, member in value.items()
        if name not in {"status", "metadata"}
    )
    return own + sum(below)


def _read(data: bytes) -> str:
    try:
        record = read_document(data)
    except FormatError:
        return "refused"
    if not isinstance(record, RuntimeRecord):
        return type(record).__name__
    return f"{len(record.runs)} ran, {len(record.declared)} declared" if record.runs or record.declared else "refused"


SUITE: Final = Suite(
    "kubernetes", "Kubernetes objects of every kind: what ran, what is declared.", ("kubernetes",), _cases
)
