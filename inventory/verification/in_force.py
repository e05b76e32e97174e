"""What the organisation trusts now, read in one exchange before a batch is judged by it.

The version is read first: what changes meanwhile makes its own version, by which the batch is due again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from inventory.trust.compromise import CompromiseKind, CompromiseWindow
from inventory.trust.expectations import Expected, SignerRule, SignerState
from inventory.trust.verdict import Trust
from supplychain.exchange import Query, Statement, to_int, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supplychain.exchange import Row

_VERSION = Statement("SELECT coalesce(max(id), 0) FROM inventory_trustchange")
_ROOTS = Statement("""
SELECT id, digest, data FROM inventory_trustrootversion
WHERE active_from IS NOT NULL AND active_from <= %(now)s::timestamptz AND retired_at IS NULL ORDER BY id
""")
_SIGNERS = Statement("SELECT to_jsonb(s)::text FROM inventory_trustedsigner s ORDER BY s.id")
_COMPROMISES = Statement("SELECT to_jsonb(c)::text FROM inventory_compromise c WHERE c.lifted_at IS NULL ORDER BY c.id")

_TEXTS: Final = {
    "issuer": "issuer",
    "identity": "identity",
    "identity_pattern": "identity_pattern",
    "key_fingerprint": "key_fingerprint",
    "builder_id": "builder_id",
    "repository": "repository",
    "repository_id": "repository_id",
    "owner_id": "owner_id",
    "ref_pattern": "ref_pattern",
    "workflow_path": "workflow_path",
    "build_type": "build_type",
    "runner_environment": "runner",
}
"""Columns of a signer, and the expectations they are; an empty one is not asked for."""


@dataclass(frozen=True, slots=True)
class Root:
    """A version of a root of trust that counts."""

    id: int
    digest: str
    data: bytes


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A public key that somebody registered, whatever became of its signer: that is for the judgement."""

    fingerprint: str
    pem: str
    team_id: int | None


@dataclass(frozen=True, slots=True)
class InForce:
    """All that a judgement depends on beside the attestation. `newest_key_at` is when the last key was registered."""

    version: int
    roots: Sequence[Root]
    keys: Sequence[RegisteredKey]
    newest_key_at: datetime | None
    trust: Trust


def queries(now: datetime) -> list[Query]:
    """Return the questions whose answers `read` takes, in their order."""
    return [Query(_VERSION), Query(_ROOTS, {"now": now}), Query(_SIGNERS), Query(_COMPROMISES)]


def read(answers: Sequence[Sequence[Row]]) -> InForce:
    """Make what is in force of the answers."""
    versions, roots, signers, compromises = answers
    rows = [json.loads(to_text(row)) for (row,) in signers]
    keyed = [row for row in rows if row["public_key"]]
    return InForce(
        version=to_int(versions[0][0]),
        roots=[Root(to_int(number), to_text(digest), data or b"") for number, digest, data in roots],
        keys=[RegisteredKey(row["key_fingerprint"], row["public_key"], row["team_id"]) for row in keyed],
        newest_key_at=max((_instant(row["created_at"]) for row in keyed), default=None),
        trust=Trust([rule_of(row) for row in rows], [_window(json.loads(to_text(row))) for (row,) in compromises]),
    )


def rule_of(row: Mapping[str, Any]) -> SignerRule:
    """Make the rule of a signer's row, as the database writes it in JSON."""
    expected: dict[str, Expected] = {name: row[column] for column, name in _TEXTS.items() if row[column]}
    if row["events"]:
        expected["events"] = frozenset(row["events"])
    if row["parameters"] is not None:
        expected["parameters"] = frozenset(row["parameters"])
    return SignerRule(
        id=row["id"],
        state=SignerState(row["state"]),
        expected=expected,
        maximum_level=row["maximum_level"],
        team_id=row["team_id"],
        valid_from=_maybe(row["valid_from"]),
        valid_to=_maybe(row["valid_to"]),
    )


def _window(row: Mapping[str, Any]) -> CompromiseWindow:
    return CompromiseWindow(
        id=row["id"],
        kind=CompromiseKind(row["kind"]),
        value=row["value"],
        since=_instant(row["since"]),
        until=_maybe(row["until"]),
        issuer=row["issuer"],
    )


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _instant(text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
