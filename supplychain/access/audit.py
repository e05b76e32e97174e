"""The audit chain: appended in the caller's transaction, checked row by row (docs/adr/0002-audit-chain.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from django.utils import timezone

from supplychain.access.models import AuditEvent
from supplychain.exchange import Query, Statement, exchange, to_int

if TYPE_CHECKING:
    from supplychain.access.actors import Actor

JSON: TypeAlias = "str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None"

BODY_VERSION = 1
FIRST_PREVIOUS_HASH = bytes(32)
MAX_BODY_BYTES = 16_384
_MAX_DETAIL_CHARACTERS = 1_000
_MAX_SUBJECT_CHARACTERS = 500
_ROWS_A_FETCH = 2_000

_INSERT = Statement("""
    INSERT INTO access_auditevent (body, at, team_id, actor, action, subject)
    VALUES (%(body)s, %(at)s, %(team)s, %(actor)s, %(action)s, %(subject)s)
    RETURNING sequence
""")


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest row. Kept elsewhere, it shows later that nothing was cut off the end or written anew."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a walk over the chain found: `broken_sequence` and `reason` name the first row that was not written so."""

    checked_count: int
    head: AuditHead | None
    broken_sequence: int | None = None
    reason: str = ""

    @property
    def is_intact(self) -> bool:
        return self.broken_sequence is None


def record(
    actor: Actor,
    action: str,
    *,
    subject: str,
    details: Mapping[str, JSON],
    team_id: int | None = None,
    at: datetime | None = None,
) -> int:
    """Append one row to the chain and return its sequence; one statement, in the caller's transaction.

    The query is `insertion`'s, for those who send it along with others. Appending takes a lock that lasts until the
    transaction ends, and everyone else who appends waits for it: call this after the slow statements, not before.
    `team_id` is the team concerned (the actor's own by default). Long texts are cut and marked; control characters are
    escaped, so that no input can forge a line.
    """
    query = insertion(actor, action, subject=subject, details=details, team_id=team_id, at=at)
    return to_int(exchange([query])[0][0][0])


def insertion(
    actor: Actor,
    action: str,
    *,
    subject: str,
    details: Mapping[str, JSON],
    team_id: int | None = None,
    at: datetime | None = None,
) -> Query:
    """Return the query that appends a row, and whose one row is its sequence."""
    moment = (at or timezone.now()).astimezone(UTC)
    facets = {
        "at": _timestamp(moment),
        "team": team_id if team_id is not None else actor.team_id,
        "actor": _one_line(actor.label, limit=200),
        "action": action,
        "subject": _one_line(subject, limit=_MAX_SUBJECT_CHARACTERS),
    }
    body = _canonical({"v": BODY_VERSION, **facets, "details": _capped(details)})
    if len(body) > MAX_BODY_BYTES:
        body = _canonical({"v": BODY_VERSION, **facets, "details": {"omitted_bytes": len(body)}})
    return Query(_INSERT, {**facets, "body": body, "at": moment})


def verify(*, heads: Collection[AuditHead] = ()) -> AuditVerdict:
    """Walk the whole chain in order and report the first row that is not as it was written.

    With `heads`, exported earlier, the row of each sequence must still carry that hash; without them, rows cut off the
    end, or an end rewritten by someone who can compute SHA-256, are not found. Memory is that of the heads.
    """
    exported: dict[int, set[str]] = {}
    for head in heads:
        exported.setdefault(head.sequence, set()).add(head.hash)
    previous = AuditHead(sequence=0, hash=FIRST_PREVIOUS_HASH.hex())
    for row in _rows():
        reason = _fault(row, previous=previous, exported=exported.get(row.sequence, frozenset()))
        if reason:
            return AuditVerdict(
                previous.sequence, _head_or_none(previous), broken_sequence=previous.sequence + 1, reason=reason
            )
        previous = AuditHead(sequence=row.sequence, hash=bytes(row.hash).hex())
    if (last := max(exported, default=0)) > previous.sequence:
        reason = f"the chain ends at {previous.sequence}, but {last} had been written"
        return AuditVerdict(
            previous.sequence, _head_or_none(previous), broken_sequence=previous.sequence + 1, reason=reason
        )
    return AuditVerdict(previous.sequence, _head_or_none(previous))


def read_head() -> AuditHead | None:
    """Return the newest row's sequence and hash; None while nothing was recorded."""
    newest = AuditEvent.objects.order_by("-sequence").values_list("sequence", "hash").first()
    return None if newest is None else AuditHead(sequence=newest[0], hash=bytes(newest[1]).hex())


def _rows() -> Iterator[AuditEvent]:
    return AuditEvent.objects.order_by("sequence").iterator(chunk_size=_ROWS_A_FETCH)


def _fault(row: AuditEvent, *, previous: AuditHead, exported: Collection[str]) -> str:
    """Return why a row is not the one that was written behind `previous`; empty when it is."""
    # 1. No row is missing or doubled.
    if row.sequence != previous.sequence + 1:
        return f"row {previous.sequence + 1} is missing; the next is {row.sequence}"
    # 2. It continues the row before.
    if bytes(row.previous_hash).hex() != previous.hash:
        return "previous_hash is not the hash of the row before"
    # 3. Its own hash covers its body and its place.
    found = chain_hash(row.body, sequence=row.sequence, previous_hash=bytes(row.previous_hash))
    if found != bytes(row.hash):
        return "hash is not the hash of the body"
    # 4. The columns beside the body say what the body says.
    if not _columns_agree(row):
        return "a column differs from the body"
    # 5. It is the row that was exported.
    if any(digest != found.hex() for digest in exported):
        return "hash is not the exported one"
    return ""


def chain_hash(body: str, *, sequence: int, previous_hash: bytes) -> bytes:
    """Return the hash of a row, as the trigger of migration 0002 computes it."""
    return hashlib.sha256(previous_hash + sequence.to_bytes(8, "big") + body.encode()).digest()


def _columns_agree(row: AuditEvent) -> bool:
    try:
        said = json.loads(row.body)
    except ValueError:
        return False
    columns = {
        "at": _timestamp(row.at),
        "team": row.team_id,
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
    }
    return isinstance(said, dict) and {name: said.get(name) for name in columns} == columns


def _head_or_none(head: AuditHead) -> AuditHead | None:
    return head if head.sequence else None


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _canonical(body: Mapping[str, JSON]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _capped(value: JSON) -> JSON:
    """Cut long texts, so that one hostile field costs its own end and not the whole of the details."""
    if isinstance(value, str):
        return value if len(value) <= _MAX_DETAIL_CHARACTERS else value[:_MAX_DETAIL_CHARACTERS] + "…[cut]"
    if isinstance(value, Mapping):
        return {str(name): _capped(item) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [_capped(item) for item in value]
    return value


def _one_line(text: str, *, limit: int) -> str:
    """Escape what is not printable (line ends, NUL, bidirectional marks, lone surrogates) and cut what is too long."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
    return text[:limit]
