"""What turned out to be in an attacker's hands: declared by one person, binding at once, lifted by two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from inventory.models import Compromise, CompromiseKind
from inventory.verification.changes import note_change
from inventory.verification.people import check_person
from supplychain.access import audit
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from inventory.models import TrustedSigner
    from supplychain.access.actors import Actor


class CompromiseNotFoundError(DomainError):
    """Nothing of that id was declared."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such compromise.", status=404)


class CompromiseRefusedError(DomainError):
    """What is declared cannot be so."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__("bad_compromise", message, details=[ErrorDetail(pointer, "bad_compromise", message)])


class LiftRefusedError(DomainError):
    """A compromise is lifted by two people, once."""

    def __init__(self, message: str) -> None:
        super().__init__("lift_refused", message, status=409)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What was compromised and when. `value` is an identity, a key's fingerprint, a builder, host/path, host/path/file.

    `until` is exclusive; None: still is.
    """

    kind: CompromiseKind
    value: str
    since: datetime
    reason: str
    issuer: str = ""
    until: datetime | None = None
    incident: UUID | None = None


def declare(declared: Declaration, *, actor: Actor, at: datetime) -> Compromise:
    """Declare a compromise; every verdict that rests on it is judged anew.

    Raises PersonNeededError, CompromiseRefusedError.
    """
    user_id = check_person(actor)
    if declared.until is not None and declared.until <= declared.since:
        raise CompromiseRefusedError("/until", "`until` is after `since`.")
    with transaction.atomic():
        compromise = Compromise.objects.create(
            kind=declared.kind,
            issuer=declared.issuer,
            value=declared.value,
            since=declared.since,
            until=declared.until,
            reason=declared.reason,
            incident=declared.incident,
            declared_by_id=user_id,
            declared_at=at,
        )
        _record(compromise, "declared", actor=actor, at=at)
        note_change(f"{declared.kind} {declared.value} compromised", at=at)
    return compromise


def declare_of_signer(signer: TrustedSigner, *, since: datetime, reason: str, actor: Actor, at: datetime) -> Compromise:
    """Declare the identity or key of a signer. A pattern names many identities: what it builds on is declared then.

    Raises CompromiseRefusedError for a pattern without builder or repository.
    """
    candidates = (
        (CompromiseKind.KEY, signer.key_fingerprint),
        (CompromiseKind.IDENTITY, signer.identity),
        (CompromiseKind.BUILDER, signer.builder_id),
        (CompromiseKind.REPOSITORY, signer.repository),
    )
    kind, value = next(((kind, value) for kind, value in candidates if value), (None, ""))
    if kind is None:
        message = "The signer is known by a pattern alone: declare what was compromised by its own name."
        raise CompromiseRefusedError("/compromised_since", message)
    issuer = signer.issuer if kind is CompromiseKind.IDENTITY else ""
    declared = Declaration(kind=kind, value=value, since=since, reason=reason, issuer=issuer)
    return declare(declared, actor=actor, at=at)


def lift(public_id: UUID, *, actor: Actor, at: datetime) -> Compromise:
    """Ask for the end of a compromise, or, as another person, agree to it.

    Raises PersonNeededError, LiftRefusedError.
    """
    check_person(actor)
    with transaction.atomic():
        compromise = Compromise.objects.select_for_update().filter(public_id=public_id).first()
        if compromise is None:
            raise CompromiseNotFoundError
        if compromise.lifted_at is not None:
            raise LiftRefusedError("This compromise is lifted already.")
        if compromise.lift_proposed_by_id is None:
            compromise.lift_proposed_by_id = actor.user_id
            compromise.save(update_fields=["lift_proposed_by"])
            _record(compromise, "lift_proposed", actor=actor, at=at)
            return compromise
        if compromise.lift_proposed_by_id == actor.user_id:
            raise LiftRefusedError("You asked for its end; another person must agree.")
        compromise.lifted_by_id, compromise.lifted_at = actor.user_id, at
        compromise.save(update_fields=["lifted_by", "lifted_at"])
        _record(compromise, "lifted", actor=actor, at=at)
        note_change(f"{compromise.kind} {compromise.value} no longer compromised", at=at)
    return compromise


def _record(compromise: Compromise, what: str, *, actor: Actor, at: datetime) -> None:
    details = {"kind": compromise.kind, "value": compromise.value, "reason": compromise.reason}
    audit.record(actor, f"compromise.{what}", subject=str(compromise.public_id), details=details, at=at)
