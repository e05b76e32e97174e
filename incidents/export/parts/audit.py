"""The part of the audit chain that tells of the incident and of its evidence, each row with what proves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from django.db.models import Q

from incidents.export.members import data_member, text_member
from inventory.models import Evidence
from supplychain.access.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.export.members import Member
    from incidents.export.subject import Subject

_LINE = msgspec.json.Encoder(order="sorted")


def audit_members(subject: Subject) -> Iterator[Member]:
    """Give the rows and their heads; nothing to who sees a part, since the rows tell of the whole.

    `heads.txt` is what `verify_audit --head` takes: the installation proves with it that all of these rows still stand
    in its chain, and that nothing before the last of them was changed.
    """
    if not subject.is_whole:
        return
    rows = list(_rows(subject))
    subject.facts["audit_row_count"] = len(rows)
    yield data_member("audit/segment.jsonl", b"".join(_line(row) + b"\n" for row in rows))
    yield text_member("audit/heads.txt", "".join(f"{row.sequence}:{bytes(row.hash).hex()}\n" for row in rows))
    if rows:
        yield text_member("audit/head.txt", f"{rows[-1].sequence}:{bytes(rows[-1].hash).hex()}\n")


def _rows(subject: Subject) -> Iterator[AuditEvent]:
    incident = subject.incident
    last = max((event.at for event in subject.events), default=incident.opened_at)
    about = Q(subject=str(incident.public_id), at__lte=last) & ~Q(action="incident.exported")
    received = Evidence.objects.visible_to(subject.actor).filter(public_id__in=sorted(subject.named))
    wanted = about | Q(sequence__in=received.values("audit_sequence"))
    yield from AuditEvent.objects.filter(wanted).order_by("sequence")


def _line(row: AuditEvent) -> bytes:
    return _LINE.encode(
        {
            "sequence": row.sequence,
            "previous_hash": bytes(row.previous_hash).hex(),
            "body": row.body,
            "hash": bytes(row.hash).hex(),
        }
    )
