"""The documents that answers and recoveries rest on: their bytes as they were received, or what stands for them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from incidents.export.members import Member, json_member
from inventory.graph.receipts import tombstone_of
from inventory.models import Evidence, EvidenceBlob
from inventory.store.blobs import open_stream, verify
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError, EvidenceRemovedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.export.subject import Subject

_RELATED = ("state", "team", "api_key", "user", "tombstone__plan")
_AT_ONCE = 500


def evidence_members(subject: Subject) -> Iterator[Member]:
    """Give the list of documents, and once each the bytes of every digest.

    Bytes that retention removed, or that are damaged, are listed as such: a pack is never refused for what is gone.
    """
    found = sorted(_documents(subject), key=lambda one: one.public_id)
    states = {one.blob_id: _bytes_state(one, with_raw=subject.with_raw) for one in found}
    yield json_member(
        "evidence/index.json",
        [_entry(one, state=states[one.blob_id], subject=subject) for one in found],
    )
    subject.facts["evidence_count"] = len(found)
    for state in ("stored", "removed", "damaged", "left_out"):
        subject.facts[f"evidence_{state}_count"] = sum(states[one.blob_id] == state for one in found)
    for digest in sorted(digest for digest, state in states.items() if state == "stored"):
        yield Member(f"evidence/{digest.removeprefix('sha256:')}", partial(_stored, digest))


def total_bytes(subject: Subject) -> int:
    """Return how many bytes the documents have, without reading them."""
    if not subject.with_raw:
        return 0
    return sum({one.blob_id: one.size_bytes for one in _documents(subject) if tombstone_of(one) is None}.values())


def _documents(subject: Subject) -> Iterator[Evidence]:
    visible = Evidence.objects.visible_to(subject.actor).select_related(*_RELATED)
    ids = sorted(subject.named)
    for start in range(0, len(ids), _AT_ONCE):
        yield from visible.filter(public_id__in=ids[start : start + _AT_ONCE])


def _bytes_state(evidence: Evidence, *, with_raw: bool) -> str:
    if tombstone_of(evidence) is not None:
        return "removed"
    if not with_raw:
        return "left_out"
    try:
        verify(EvidenceBlob.objects.get(pk=evidence.blob_id))
    except EvidenceRemovedError:
        return "removed"
    except (EvidenceCorruptError, EvidenceMissingError):
        return "damaged"
    return "stored"


def _stored(digest: str) -> Iterator[bytes]:
    yield from open_stream(EvidenceBlob.objects.get(pk=digest))


def _entry(evidence: Evidence, *, state: str, subject: Subject) -> dict[str, object]:
    removed = tombstone_of(evidence)
    return {
        "id": evidence.public_id,
        "digest": evidence.blob_id,
        "size_bytes": evidence.size_bytes,
        "bytes": state,
        "file": f"evidence/{evidence.blob_id.removeprefix('sha256:')}" if state == "stored" else None,
        "kind": evidence.state.kind or evidence.declared_kind,
        "format": evidence.state.format,
        "media_type": evidence.media_type,
        "filename": evidence.filename,
        "team": evidence.team.slug,
        "sent_by": _sender(evidence),
        "received_at": evidence.received_at,
        "audit_sequence": evidence.audit_sequence,
        "answers": subject.named[evidence.public_id],
        "proves": sorted(subject.proving.get(evidence.public_id, ())),
        "removed": removed
        and {"at": removed.removed_at, "plan": removed.plan.public_id, "reason": removed.plan.reason},
    }


def _sender(evidence: Evidence) -> str | None:
    if evidence.api_key is not None:
        return f"key:{evidence.api_key.lookup}"
    return f"user:{evidence.user.username}" if evidence.user is not None else None
