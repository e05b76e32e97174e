"""Roots of trust: the first version by an operator alone, every later one by two people; each change is audited.

A version that counts is never changed. It is retired by one person, because that only takes trust away.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Max

from inventory.models import TrustRoot, TrustRootVersion
from inventory.trust.root_shape import BadRootShapeError, RootPart, check_shape, read_parts
from inventory.verification.changes import note_change
from supplychain.access import audit
from supplychain.access.actors import actor_for_user
from supplychain.access.scopes import OrganisationRole
from supplychain.errors import DomainError
from supplychain.exchange import Query, Statement, exchange

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from supplychain.access.actors import Actor
    from supplychain.access.models import User

_NAME: Final = re.compile(r"[-a-zA-Z0-9_]{1,64}")
MAX_ROOT_BYTES: Final = 1024 * 1024
_IN_TURN: Final = Statement("SELECT pg_advisory_xact_lock(23669)")
"""A lock of the row would need the right to change it, which the web server's role has not."""
_DECIDE: Final = frozenset({OrganisationRole.ADMIN.value, OrganisationRole.APPROVER.value})


class TrustRootRefusedError(DomainError):
    """A change of a root of trust that may not be made like this."""

    def __init__(self, message: str) -> None:
        super().__init__("trust_root_refused", message, status=409)


class TrustRootNotFoundError(DomainError):
    """There is no such version."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such version of a root of trust.", status=404)


class BadTrustRootError(DomainError):
    """The file is no root of trust."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_trust_root", message, status=422)


@dataclass(frozen=True, slots=True)
class ComparedPart:
    """An authority or log of a version, and whether this version alone believes it."""

    part: RootPart
    is_new: bool


def load_first(name: str, data: bytes, *, actor: Actor, at: datetime) -> TrustRootVersion:
    """Make a root count that has no version yet, by an operator alone. The same file again changes nothing.

    Raises TrustRootRefusedError where the root has another version: a change takes two people. BadTrustRootError.
    """
    digest = _checked(name, data)
    with transaction.atomic():
        exchange([Query(_IN_TURN)])
        root, _ = TrustRoot.objects.get_or_create(name=name)
        known = root.versions.filter(digest=digest, active_from__isnull=False, retired_at__isnull=True).first()
        if known is not None:
            return known
        if root.versions.exists():
            message = f"The root {name} has a version already: another one is proposed, and approved by somebody else."
            raise TrustRootRefusedError(message)
        version = TrustRootVersion.objects.create(
            root=root, number=1, data=data, digest=digest, proposed_at=at, active_from=at
        )
        _record(actor, "trust_root.loaded", version, at=at)
        note_change(f"root {name}, version 1", at=at)
    return version


def propose(name: str, data: bytes, *, user: User, at: datetime) -> TrustRootVersion:
    """Propose a version of a root, which counts for nothing yet.

    Raises TrustRootRefusedError (no right, the file is a version already), BadTrustRootError.
    """
    _check_right(user)
    digest = _checked(name, data)
    with transaction.atomic():
        exchange([Query(_IN_TURN)])
        root, _ = TrustRoot.objects.get_or_create(name=name)
        if root.versions.filter(digest=digest, withdrawn_at__isnull=True).exists():
            raise TrustRootRefusedError(f"This file is a version of {name} already.")
        number = (root.versions.aggregate(found=Max("number"))["found"] or 0) + 1
        version = TrustRootVersion.objects.create(
            root=root, number=number, data=data, digest=digest, proposed_by=user, proposed_at=at
        )
        _record(actor_for_user(user), "trust_root.proposed", version, at=at)
    return version


def find_version(name: str, number: int) -> TrustRootVersion:
    """Return a version; it is the organisation's, and no secret. Raises TrustRootNotFoundError."""
    found = list_versions().filter(root__name=name, number=number).first()
    if found is None:
        raise TrustRootNotFoundError
    return found


def list_versions() -> QuerySet[TrustRootVersion]:
    """Return all versions of all roots, with who decided."""
    return TrustRootVersion.objects.select_related("root", "proposed_by", "approved_by")


def compared(version: TrustRootVersion) -> list[ComparedPart]:
    """Return whom a version believes, and whom of them no other version that counts does: what approval would add."""
    others = TrustRootVersion.objects.filter(root=version.root, active_from__isnull=False, retired_at__isnull=True)
    known = {part for other in others.exclude(pk=version.pk) for part in read_parts(bytes(other.data))}
    return [ComparedPart(part, is_new=part not in known) for part in read_parts(bytes(version.data))]


def approve(version: TrustRootVersion, *, user: User, at: datetime) -> None:
    """Make another person's proposal count.

    Raises TrustRootRefusedError for one's own, for one that was decided, and for who has no right.
    """
    _check_right(user)
    if version.proposed_by_id == user.pk:
        raise TrustRootRefusedError("A root of trust takes two people: somebody else must approve this version.")
    with transaction.atomic():
        waiting = TrustRootVersion.objects.filter(pk=version.pk, active_from__isnull=True, proposed_by__isnull=False)
        if not waiting.filter(withdrawn_at__isnull=True).update(approved_by=user, active_from=at):
            raise TrustRootRefusedError("This version was approved before, or withdrawn.")
        version.refresh_from_db()
        _record(actor_for_user(user), "trust_root.approved", version, at=at)
        note_change(f"root {version.root.name}, version {version.number}", at=at)


def withdraw(version: TrustRootVersion, *, user: User, at: datetime) -> None:
    """Take a proposal back, one's own or another's: it never counted, so one person is enough.

    The same file may be proposed again. Raises TrustRootRefusedError for a version that was decided, and for who has no
    right.
    """
    _check_right(user)
    with transaction.atomic():
        waiting = TrustRootVersion.objects.filter(pk=version.pk, active_from__isnull=True, withdrawn_at__isnull=True)
        if not waiting.update(withdrawn_at=at):
            raise TrustRootRefusedError("This version is not proposed any more.")
        version.refresh_from_db()
        _record(actor_for_user(user), "trust_root.withdrawn", version, at=at)


def retire(version: TrustRootVersion, *, user: User, at: datetime) -> None:
    """Let a version count no more; what it alone verified cannot be judged afterwards. One person is enough.

    Raises TrustRootRefusedError for a version that does not count, and for who has no right.
    """
    _check_right(user)
    with transaction.atomic():
        counting = TrustRootVersion.objects.filter(pk=version.pk, active_from__isnull=False, retired_at__isnull=True)
        if not counting.update(retired_at=at):
            raise TrustRootRefusedError("This version does not count.")
        version.refresh_from_db()
        _record(actor_for_user(user), "trust_root.retired", version, at=at)
        note_change(f"root {version.root.name}, version {version.number} retired", at=at)


def _checked(name: str, data: bytes) -> str:
    if not _NAME.fullmatch(name):
        raise BadTrustRootError("A root's name has up to 64 letters, digits, hyphens and underscores.")
    if len(data) > MAX_ROOT_BYTES:
        raise BadTrustRootError(f"A root of trust has at most {MAX_ROOT_BYTES} bytes.")
    try:
        check_shape(data)
    except BadRootShapeError as error:
        raise BadTrustRootError(str(error)) from error
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _check_right(user: User) -> None:
    if not user.is_active or user.organisation_role not in _DECIDE:
        raise TrustRootRefusedError("Only an approver or an administrator decides which roots are believed.")


def _record(actor: Actor, action: str, version: TrustRootVersion, *, at: datetime) -> None:
    details: dict[str, audit.JSON] = {"root": version.root.name, "version": version.number, "digest": version.digest}
    audit.record(actor, action, subject=f"{version.root.name}/{version.number}", details=details, at=at)
