"""The registry of trusted signers: proposed on sight or by a person, accepted by people, rejected or revoked by one.

Widening what is trusted takes a person, and two where production rests on it; narrowing it takes one and binds at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db import transaction

from inventory.identity.repositories import canonical_repository
from inventory.models import SignerAction, SignerDecision, SignerState, TrustedSigner
from inventory.trust.patterns import BadPatternError, compile_pattern
from inventory.verification.changes import note_change
from inventory.verification.compromises import declare_of_signer
from inventory.verification.people import check_person
from supplychain.access import audit
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor

ACCEPTS_FOR_PRODUCTION = 2
_PATTERNS = ("identity_pattern", "ref_pattern")


class SignerNotFoundError(DomainError):
    """There is no such signer, or not for this actor."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such signer.", status=404)


class SignerStateError(DomainError):
    """The signer is not in the state that this needs."""

    def __init__(self, state: str) -> None:
        super().__init__("signer_decided", f"The signer is {state} already.", status=409)


class SamePersonError(DomainError):
    """The second acceptance is somebody else's."""

    def __init__(self) -> None:
        super().__init__("second_person_needed", "You accepted this signer; another person must, too.", status=409)


class BadSignerError(DomainError):
    """What a signer is to be known by cannot be used."""

    def __init__(self, details: Sequence[ErrorDetail]) -> None:
        super().__init__("bad_signer", "The signer cannot be registered: see `errors`.", details=details)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSigner:
    """What is asked of a signer; what is empty is not asked for. An issuer with an identity or a pattern, or a key."""

    name: str
    is_production: bool = True
    maximum_level: int = 2
    team_id: int | None = None
    issuer: str = ""
    identity: str = ""
    identity_pattern: str = ""
    public_key: str = ""
    builder_id: str = ""
    repository: str = ""
    repository_id: str = ""
    owner_id: str = ""
    ref_pattern: str = ""
    workflow_path: str = ""
    build_type: str = ""
    runner_environment: str = ""
    events: Sequence[str] = field(default_factory=tuple)
    parameters: Sequence[str] | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def propose(new: NewSigner, *, actor: Actor, at: datetime, note: str = "") -> TrustedSigner:
    """Register a signer that counts for nothing yet. Raises PersonNeededError, BadSignerError."""
    check_person(actor)
    _check(new)
    pem, fingerprint = _key(new.public_key)
    stated = {name: getattr(new, name) for name in new.__slots__ if name not in {"public_key", "repository", "events"}}
    with transaction.atomic():
        signer = TrustedSigner.objects.create(
            **stated,
            public_key=pem,
            key_fingerprint=fingerprint,
            repository=canonical_repository(new.repository) or "" if new.repository else "",
            events=list(new.events),
            state=SignerState.PROPOSED,
            created_at=at,
        )
        _decide(signer, SignerAction.PROPOSE, actor=actor, at=at, note=note)
        if fingerprint:
            note_change(f"key of {new.name} registered", at=at)  # its signatures can be judged now: as unexpected
    return signer


def accept(public_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> TrustedSigner:
    """Accept a proposed signer; for production it takes a second person. Raises the errors above."""
    check_person(actor)
    with transaction.atomic():
        signer = _lock(public_id, actor=actor)
        if signer.state != SignerState.PROPOSED:
            raise SignerStateError(signer.state)
        accepts = signer.decisions.filter(action=SignerAction.ACCEPT)
        if accepts.filter(user=actor.user_id).exists():
            raise SamePersonError
        _decide(signer, SignerAction.ACCEPT, actor=actor, at=at, note=note)
        if accepts.count() >= (ACCEPTS_FOR_PRODUCTION if signer.is_production else 1):
            _set(signer, SignerState.ACCEPTED, at=at)
    return signer


def reject(public_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> TrustedSigner:
    """Say that a proposed signer is not to be trusted; it is not proposed again."""
    check_person(actor)
    with transaction.atomic():
        signer = _lock(public_id, actor=actor)
        if signer.state != SignerState.PROPOSED:
            raise SignerStateError(signer.state)
        _decide(signer, SignerAction.REJECT, actor=actor, at=at, note=note)
        _set(signer, SignerState.REJECTED, at=at)
    return signer


def revoke(
    public_id: UUID, *, actor: Actor, at: datetime, note: str = "", compromised_since: datetime | None = None
) -> TrustedSigner:
    """Trust a signer no more. With `compromised_since` what it signed since then proves nothing either."""
    check_person(actor)
    with transaction.atomic():
        signer = _lock(public_id, actor=actor)
        if signer.state != SignerState.ACCEPTED:
            raise SignerStateError(signer.state)
        _decide(signer, SignerAction.REVOKE, actor=actor, at=at, note=note)
        if compromised_since is not None:
            declare_of_signer(signer, since=compromised_since, reason=note or "signer revoked", actor=actor, at=at)
        _set(signer, SignerState.REVOKED, at=at)
    return signer


def _lock(public_id: UUID, *, actor: Actor) -> TrustedSigner:
    signer = TrustedSigner.objects.visible_to(actor).select_for_update().filter(public_id=public_id).first()
    if signer is None:
        raise SignerNotFoundError
    return signer


def _set(signer: TrustedSigner, state: SignerState, *, at: datetime) -> None:
    signer.state = state
    signer.save(update_fields=["state"])
    note_change(f"signer {signer.name} {state}", at=at)


def _decide(signer: TrustedSigner, action: SignerAction, *, actor: Actor, at: datetime, note: str) -> None:
    SignerDecision.objects.create(signer=signer, user_id=actor.user_id, action=action, at=at, note=note)
    audit.record(
        actor,
        f"signer.{action}",
        subject=str(signer.public_id),
        details={"name": signer.name, "identity": signer.identity or signer.identity_pattern, "note": note,
                 "key_fingerprint": signer.key_fingerprint, "is_production": signer.is_production},
        team_id=signer.team_id,
        at=at,
    )  # fmt: skip


def _check(new: NewSigner) -> None:
    faults = [
        ErrorDetail(f"/{name}", "bad_pattern", str(error))
        for name in _PATTERNS
        if getattr(new, name) and (error := _fault(getattr(new, name)))
    ]
    is_identity = bool(new.issuer) and bool(new.identity) != bool(new.identity_pattern)
    has_identity = bool(new.issuer or new.identity or new.identity_pattern)
    if bool(new.public_key) == has_identity or (has_identity and not is_identity):
        message = "A signer is an issuer with an identity or a pattern of it, or else a public key."
        faults.append(ErrorDetail("/issuer", "identity_or_key", message))
    if new.valid_from and new.valid_to and new.valid_from >= new.valid_to:
        faults.append(ErrorDetail("/valid_to", "out_of_range", "valid_to is after valid_from."))
    if new.repository and canonical_repository(new.repository) is None:
        faults.append(ErrorDetail("/repository", "bad_repository", "A repository is host/path, or its address."))
    if faults:
        raise BadSignerError(faults)


def _fault(pattern: str) -> BadPatternError | None:
    try:
        compile_pattern(pattern)
    except BadPatternError as error:
        return error
    return None


def _key(pem: str) -> tuple[str, str]:
    """Return a public key in the one spelling it is kept in, with its fingerprint; '' for none."""
    if not pem:
        return "", ""
    from inventory.trust.signatures import fingerprint  # noqa: PLC0415  its libraries cost a second

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, TypeError) as error:
        raise BadSignerError([ErrorDetail("/public_key", "bad_key_pem", "This is no public key in PEM.")]) from error
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey):
        raise BadSignerError([ErrorDetail("/public_key", "bad_key_pem", "EC, Ed25519 and RSA keys are taken.")])
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), fingerprint(key)
