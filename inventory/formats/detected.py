"""What a document is recognised as, and the small questions that recognisers ask of its top-level members."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from inventory.formats import json_parts

Members = Mapping[str, msgspec.Raw]


class Kind(enum.StrEnum):
    """What a document is evidence of."""

    SBOM = "sbom"
    DEPLOYMENT = "deployment"
    IMAGE = "image"
    REGISTRY = "registry"
    ATTESTATION = "attestation"
    VEX = "vex"
    ADVISORY = "advisory"
    LIST = "list"
    POSTURE = "posture"
    WORKFLOW = "workflow"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Detected:
    """What a document was recognised as. `format_version` is as written in it ('' where the format has none).

    `wrapper` is the pointer of the document inside the one that was sent (`/sbom` in GitHub's export), else ''.
    """

    kind: Kind
    format: str
    format_version: str
    media_type: str = "application/json"
    wrapper: str = ""


def text_member(members: Members, name: str) -> str | None:
    """Return a member that is a string; None when it is absent or anything else."""
    raw = members.get(name)
    if raw is None or json_parts.first_byte(raw) != '"':
        return None
    value = json_parts.decode_value(raw)
    return value if isinstance(value, str) else None


def object_member(members: Members, name: str) -> Members | None:
    """Return the members of a member that is an object; None when it is absent or anything else."""
    raw = members.get(name)
    if raw is None or json_parts.first_byte(raw) != "{":
        return None
    return json_parts.object_members(raw, pointer="/" + name)
