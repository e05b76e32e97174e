"""Which parts a pack has. A part for a new table is a module here and a line below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from incidents.export.members import Member
from incidents.export.parts.actions import action_members
from incidents.export.parts.answers import answer_members
from incidents.export.parts.audit import audit_members
from incidents.export.parts.evidence import evidence_members
from incidents.export.parts.gates import gate_members
from incidents.export.parts.incident import incident_members
from incidents.export.parts.recovery import recovery_members
from incidents.export.parts.vex import vex_members

if TYPE_CHECKING:
    from incidents.export.subject import Subject

Part = Callable[["Subject"], Iterator[Member]]

PARTS: tuple[Part, ...] = (
    incident_members,
    answer_members,
    action_members,
    gate_members,
    recovery_members,
    vex_members,
    evidence_members,
    audit_members,
)
