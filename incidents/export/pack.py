"""Make an evidence pack: measure every member, tell the export, then give the bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from incidents.export import zipped
from incidents.export.members import Member, data_member, measure, text_member
from incidents.export.parts.evidence import total_bytes
from incidents.export.parts.order import PARTS
from incidents.export.readme import write_readme
from incidents.export.subject import read_subject
from incidents.models import EventKind
from incidents.timeline import changing
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from uuid import UUID

    from incidents.export.members import Measured
    from incidents.export.subject import Subject
    from supplychain.access.actors import Actor

_CHECK = Path(__file__).with_name("check.py")


class PackTooLargeError(DomainError):
    """The pack would be larger than the ceiling."""

    def __init__(self, limit: int, *, with_raw: bool) -> None:
        next_step = (
            "Export it without the documents' bytes (raw=false), and download those one by one from /evidence/{id}/raw"
            if with_raw
            else "Raise MAX_PACK_BYTES"
        )
        super().__init__("pack_too_large", f"The pack has more than {limit:,} bytes. {next_step}.", status=413)


@dataclass(frozen=True, slots=True)
class Pack:
    """A zip that is ready to be sent: what is told of it stands already on the timeline."""

    name: str
    digest: str
    size_bytes: int
    entries: tuple[zipped.Entry, ...]

    def stream(self) -> Iterator[bytes]:
        """Give the bytes; memory is that of one page of an answer, or one document's frame.

        Raises zipped.ChangedMeanwhileError before the end when a member is no longer what was measured.
        """
        return zipped.write(self.entries)


def export_pack(public_id: UUID, *, with_raw: bool, actor: Actor, at: datetime) -> Pack:
    """Make the pack of what the actor may see, and tell it on the timeline with its digest, before a byte leaves.

    Everything is read three times (checksums, the digest of the zip, the answer) rather than held. Raises
    IncidentNotFoundError, PackTooLargeError, DamagedRunError, EvidenceStoreUnavailableError.
    """
    subject = read_subject(public_id, with_raw=with_raw, actor=actor, at=at)
    _check_size(total_bytes(subject), with_raw=with_raw)
    entries = tuple(_entries(subject))
    digest = hashlib.sha256()
    for chunk in zipped.write(entries):
        digest.update(chunk)
    pack = Pack(f"incident-{public_id}.zip", f"sha256:{digest.hexdigest()}", zipped.size_of(entries), entries)
    with changing(public_id, actor=actor, at=at) as change:
        change.tell(
            EventKind.EXPORTED,
            details={
                "digest": pack.digest,
                "size_bytes": pack.size_bytes,
                "is_whole": subject.is_whole,
                "with_raw": with_raw,
                "answer_count": len(subject.runs),
                "last_event": subject.events[-1].number if subject.events else 0,
            },
        )
    return pack


def _entries(subject: Subject) -> Iterator[zipped.Entry]:
    """Give the members in their order: README.txt first, though it is written last; SHA256SUMS closes."""
    measured = list(_measured((member for part in PARTS for member in part(subject)), with_raw=subject.with_raw))
    first = measure(text_member("README.txt", write_readme(subject)))
    check = measure(data_member("check.py", _CHECK.read_bytes()))
    ordered = [first, check, *measured]
    sums = "".join(f"{one.sha256}  {one.name}\n" for one in ordered)
    for one in (*ordered, measure(text_member("SHA256SUMS", sums))):
        yield zipped.Entry(one.name, one.size, one.crc, one.open)


def _measured(members: Iterable[Member], *, with_raw: bool) -> Iterator[Measured]:
    total = 0
    for count, member in enumerate(members, start=1):
        one = measure(member)
        total += one.size
        _check_size(total, with_raw=with_raw)
        if count > zipped.MAX_MEMBERS:
            raise PackTooLargeError(settings.MAX_PACK_BYTES, with_raw=with_raw)
        yield one


def _check_size(size: int, *, with_raw: bool) -> None:
    if size > settings.MAX_PACK_BYTES:
        raise PackTooLargeError(settings.MAX_PACK_BYTES, with_raw=with_raw)
