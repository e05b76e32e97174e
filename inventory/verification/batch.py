"""Judges what is due, a batch at a time: claimed, read, judged and written in one transaction.

Four statements a batch and four for bytes, however many attestations it has. A worker that dies leaves one thing
behind: that it had begun (`VerificationTry`). Its locks are gone with its transaction, and what it held is due as
before, what has a try alone and last.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils import timezone

from inventory.formats.limits import Limits
from inventory.store.errors import EvidenceStoreUnavailableError
from inventory.trust.facts import Proven
from inventory.trust.outcomes import Outcome, best
from inventory.trust.verdict import Judgement, judge
from inventory.verification import due_sql, in_force
from inventory.verification.envelopes import Envelopes
from inventory.verification.progress import UNREADABLE_ROOTS
from inventory.verification.proofs import Proof, signers_of
from inventory.verification.proposals import proposals
from inventory.verification.rows import is_same, row_of, stored_proof
from inventory.verification.subject import APART, Due, due_of
from supplychain.exchange import Query, exchange, to_int, to_text
from supplychain.ops import facts, reporter

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from inventory.verification.in_force import InForce
    from supplychain.exchange import Value

logger = logging.getLogger(__name__)

BATCH: Final = 100
MAX_BATCH_BYTES: Final = 64 * 1024 * 1024
"""Of documents that one batch reads; the first is read whatever its size."""
MAX_BESIDE: Final = 4
MAX_TRIES: Final = 3
"""So many workers may die of one attestation before it is set aside, as `verifier_error`, until trust changes."""
TRIES_ALIAS: Final = "interning"
"""A connection that commits by itself: what a worker dies of must be known afterwards."""
RECENT: Final = 10_000
"""So many of the newest attestations are looked at for one that is new; the sweep of every minute looks at all."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a batch came to. `read_count` of them needed their bytes."""

    count: int
    read_count: int = 0


def verify_for(seconds: float) -> bool:
    """Judge what is due, for a turn; True when the turn ended before the work did."""
    until = monotonic() + seconds
    while verify_batch(timezone.now()).count:
        if monotonic() >= until:
            return True
    return False


def verify_batch(now: datetime, *, limit: int = BATCH) -> Done:
    """Claim and judge up to `limit` attestations; none where nothing is due, or enough verifiers work already."""
    try:
        with transaction.atomic():
            return _verify(now, limit=limit)
    except EvidenceStoreUnavailableError as error:
        logger.warning("The storage of documents is away; verification waits.", extra={"reason": error.reason})
        return Done(0)


def _verify(now: datetime, *, limit: int) -> Done:
    trusted = in_force.read(exchange(in_force.queries(now)))
    lanes = settings.VERIFIERS_AT_ONCE
    claim = {"version": trusted.version, "after": 0, "lanes": lanes, "limit": limit}
    [claimed] = exchange([Query(due_sql.CLAIM, claim)])
    if not claimed:
        return Done(0)
    wanted: dict[str, Value] = {
        "ids": [to_int(row) for (row,) in claimed],
        "version": trusted.version,
        "beside": MAX_BESIDE,
    }
    [rows] = exchange([Query(due_sql.FETCH, wanted)])
    due = _within_memory(_carefully([due_of(json.loads(to_text(row))) for (row,) in rows]), trusted)
    read = [one for one in due if _needs_bytes(one, trusted)]
    proofs = _prove_counted(read, trusted, now=now) if read else {}
    judged = [_judge(one, proofs.get(one.id), trusted, now=now) for one in due]
    _write(judged, trusted, read=proofs.keys(), now=now)
    reporter.count("verification.evaluated", amount=len(due))
    return Done(len(due), len(read))


def _carefully(due: list[Due]) -> list[Due]:
    """Take what some worker came to no end with alone, behind all others: it would take them with it."""
    fresh = [one for one in due if not one.tries]
    return fresh or due[:1]


def _prove_counted(due: Sequence[Due], trusted: InForce, *, now: datetime) -> dict[int, list[Proof]]:
    """Verify by bytes, counted before it is begun; what was tried often enough is set aside."""
    if any(one.tries >= MAX_TRIES for one in due):
        reporter.count("verification.errors")
        logger.error(
            "An attestation is set aside: workers died of it.", extra={"attestations": [one.id for one in due]}
        )
        aside = Proof(Proven(Outcome.UNSUPPORTED, "verifier_error"), message="Workers died of it; set aside.")
        return {one.id: [aside] for one in due}
    # Inside a caller's transaction nothing is committed apart: what it made is seen by itself alone.
    using = TRIES_ALIAS if len(connection.atomic_blocks) == 1 else DEFAULT_DB_ALIAS
    exchange([Query(due_sql.TRIED, {"ids": [one.id for one in due]})], using=using)
    return _prove(due, trusted, now=now)


def _needs_bytes(due: Due, trusted: InForce) -> bool:
    return due.is_signed and not due.reusable(roots=_roots(trusted), newest_key_at=trusted.newest_key_at)


def _roots(trusted: InForce) -> tuple[int, ...]:
    return tuple(root.id for root in trusted.roots)


def _within_memory(due: Sequence[Due], trusted: InForce) -> list[Due]:
    """Return as many as a worker may hold the documents of; the others stay due."""
    kept: list[Due] = []
    sizes: dict[str, int] = {}
    for one in due:
        if _needs_bytes(one, trusted):
            sizes |= {place.blob: place.size for place in (one.place, *one.beside) if place is not None}
        if kept and sum(sizes.values()) > MAX_BATCH_BYTES:
            break
        kept.append(one)
    return kept


def _prove(due: Sequence[Due], trusted: InForce, *, now: datetime) -> dict[int, list[Proof]]:
    """Verify the signatures of all, by their bytes."""
    try:
        from inventory.trust.envelopes import Signed  # noqa: PLC0415  a second and 70 MB, where something is due
        from inventory.verification.prover import Prover  # noqa: PLC0415  as above
    except ImportError:  # what verifies is missing or broken: nothing is, and everybody is told
        logger.exception("Nothing can be verified: a library cannot be loaded.")
        broken = Proof(Proven(Outcome.UNSUPPORTED, "verifier_error"), message="A library cannot be loaded.")
        return {one.id: [broken] for one in due}
    wanted: dict[str, set[str]] = {}
    for one in due:
        for place in (one.place, *one.beside):
            if place is not None:
                wanted.setdefault(place.blob, set()).add(place.digest)
    envelopes = Envelopes()
    envelopes.read(wanted, limits=Limits(settings.MAX_INFLATED_BYTES, settings.MAX_COMPONENTS))
    prover, proofs = Prover(trusted, now), {}
    if prover.unreadable:
        facts.record(UNREADABLE_ROOTS, at=now, details={"digests": prover.unreadable})
    for one in due:
        digest = one.place.digest if one.place else ""
        raw = envelopes.get(digest)
        if raw is None:
            lost = Proven(Outcome.UNSUPPORTED, envelopes.why_not(digest))
            proofs[one.id] = [Proof(lost, message="The bytes cannot be read again.", roots=_roots(trusted))]
            continue
        beside = [found for place in one.beside if (found := envelopes.get(place.digest)) is not None]
        signed = [Signed(one.envelope, raw, found) for found in beside] or [Signed(one.envelope, raw)]
        proofs[one.id] = prover.prove(signed, team_id=one.team_id)
    return proofs


def _judge(
    due: Due, proofs: Sequence[Proof] | None, trusted: InForce, *, now: datetime
) -> tuple[Due, Proof, Judgement]:
    """Judge each signature, and keep the best: a bad one beside a good one takes nothing away."""
    judged = [
        (proof, judge(proof.proven, due.stated, trust=trusted.trust, team_id=due.team_id, now=now))
        for proof in (proofs if proofs is not None else [stored_proof(due)])
    ]
    verdict = best(one.verdict for _, one in judged)
    proof, judgement = next(found for found in judged if found[1].verdict is verdict)
    if proofs is not None:
        proof = replace(proof, valid_signer_count=len(signers_of(proofs)))
    if proof.proven.code == "verifier_error":
        reporter.count("verification.errors")
    return due, proof, judgement


def _write(
    judged: Sequence[tuple[Due, Proof, Judgement]], trusted: InForce, *, read: Collection[int], now: datetime
) -> None:
    """Write what is new, and confirm what came to the same: nothing is ever overwritten."""
    added: list[dict[str, Any]] = []
    same: list[int] = []
    for due, proof, judgement in judged:
        row = row_of(due, proof, judgement, trusted, now=now)
        if is_same(row, due.last):
            same.append(due.id)
        else:
            added.append(row)
    new = [due for due, _, _ in judged if due.last is None]  # once: two that are bad together would renew for ever
    apart = sorted({number for due in new for number in due.beside_ids} - {due.id for due, _, _ in judged})
    ended = [due.id for due, _, _ in judged if due.id in read]
    exchange(
        [
            *([Query(due_sql.ADD_RESULTS, {"rows": json.dumps(added)})] if added else []),
            *([Query(due_sql.CONFIRM, {"ids": same, "version": trusted.version})] if same else []),
            *([Query(due_sql.ENDED, {"ids": ended})] if ended else []),
            *([Query(due_sql.RENEW, {"ids": apart, "codes": list(APART)})] if apart else []),
            *proposals(added, teams={due.id: due.team_id for due, _, _ in judged}, at=now),
        ]
    )
