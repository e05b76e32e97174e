"""Reads what a `uses` names: an action, a reusable workflow, a file of the same repository, an image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from inventory.formats.posture.workflow_records import RefKind, UseKind

LONGEST_USE: Final = 1_024

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_USE: Final = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9-]*))/([A-Za-z0-9._-]+)(?:/([^@]+))?@(\S+)")
_WORKFLOW: Final = re.compile(r"\.github/workflows/[^/]+\.ya?ml")


@dataclass(frozen=True, slots=True)
class Use:
    """What was named, and how firmly."""

    kind: UseKind
    owner_repository: str
    path: str
    ref: str
    ref_kind: RefKind


_UNRESOLVED: Final = Use(UseKind.UNRESOLVED, "", "", "", RefKind.NONE)


def read_use(text: str) -> Use:
    """Read the value of a `uses`; what cannot be read is unresolved, never left out."""
    if "${{" in text or len(text) > LONGEST_USE:
        return _UNRESOLVED
    if text.startswith("docker://"):
        return _image(text.removeprefix("docker://"))
    if text.startswith(("./", "../")):
        return Use(UseKind.LOCAL, "", text, "", RefKind.NONE)
    match = _USE.fullmatch(text)
    if match is None:
        return _UNRESOLVED
    owner, name, path, ref = match.groups()
    kind = UseKind.REUSABLE_WORKFLOW if path and _WORKFLOW.fullmatch(path) else UseKind.ACTION
    is_commit = _COMMIT.fullmatch(ref) is not None
    return Use(
        kind,
        f"{owner}/{name}".lower(),
        (path or "").strip("/"),
        ref.lower() if is_commit else ref,
        RefKind.COMMIT if is_commit else RefKind.SYMBOLIC,
    )


def _image(reference: str) -> Use:
    name, at, digest = reference.partition("@")
    if at:
        return Use(UseKind.DOCKER, "", name, digest, RefKind.DIGEST if digest.startswith("sha256:") else RefKind.NONE)
    last = name.rpartition("/")[2]
    tag = last.partition(":")[2]
    path = name.removesuffix(f":{tag}") if tag else name
    return Use(UseKind.DOCKER, "", path, tag, RefKind.SYMBOLIC if tag else RefKind.NONE)
