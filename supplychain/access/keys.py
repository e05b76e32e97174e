"""API keys: made once, shown once, kept as an HMAC.

A key reads `sc_<8 characters>_<43 characters>_<6 characters>`: a prefix that secret scanners can look for, the look-up
id, 32 random bytes in base 62, and a CRC-32 by which a mistyped or cut key is told from a wrong one without a query.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import string
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db import transaction

from supplychain.access import audit
from supplychain.access.actors import Actor
from supplychain.access.models import ApiKey, Team
from supplychain.access.scopes import Scope
from supplychain.errors import DomainError
from supplychain.exchange import Query, Statement, TypedRow, exchange_typed, to_model

KEY_PATTERN = re.compile(r"sc_(?P<lookup>[a-z0-9]{8})_(?P<secret>[0-9A-Za-z]{43})_(?P<check>[0-9A-Za-z]{6})")
USE_RECORDED_EVERY = timedelta(minutes=1)

Ask = Callable[[Sequence[Query]], list[list[TypedRow]]]
"""How the database is asked: by Django's connection, or by one that answers at once or not at all."""

FIND = """
SELECT (to_jsonb(k) - 'secret_digest')::text, to_jsonb(t)::text, k.secret_digest
FROM access_apikey k JOIN access_team t ON t.id = k.team_id WHERE k.lookup = %(lookup)s
"""
_FIND = Statement(FIND)
_USED = Statement("""
UPDATE access_apikey SET last_used_at = %(at)s
WHERE id = %(id)s AND (last_used_at IS NULL OR last_used_at <= %(latest)s)
""")
_REHASHED = Statement("UPDATE access_apikey SET secret_digest = %(digest)s WHERE id = %(id)s")
_LOOKUP_ALPHABET = string.ascii_lowercase + string.digits
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_BYTES = 32
_SECRET_LENGTH = 43  # ceil(256 / log2(62))
_CHECK_LENGTH = 6  # ceil(32 / log2(62))
MAX_REMEMBERED = 256


class BadKeyRequestError(DomainError):
    """A key was asked for that cannot be made."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_key_request", message)


@dataclass(frozen=True, slots=True)
class Bindings:
    """What a key is bound to; an empty part binds nothing."""

    repositories: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A stored key and its text, which nobody can show again."""

    row: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"NewKey({self.row.lookup})"


def make_key(
    team: Team,
    *,
    scopes: Iterable[str],
    actor: Actor,
    at: datetime,
    bindings: Bindings | None = None,
    name: str = "",
    expires_at: datetime | None = None,
    sees_all_teams: bool = False,
) -> NewKey:
    """Store a new key of a team, with its audit line, and return it with its text. Raises BadKeyRequestError.

    Not checked here: whether the actor may make it.
    """
    wanted = tuple(dict.fromkeys(scopes))
    _check_request(wanted, at=at, expires_at=expires_at)
    bound = bindings or Bindings()
    text = _new_text()
    row = ApiKey(
        lookup=text[3:11],
        secret_digest=_digest(text, under=settings.KEY_HMAC_SECRET),
        name=name,
        team=team,
        scopes=list(wanted),
        sees_all_teams=sees_all_teams,
        repositories=list(bound.repositories),
        clusters=list(bound.clusters),
        environments=list(bound.environments),
        kinds=list(bound.kinds),
        created_by_id=actor.user_id,
        created_at=at,
        expires_at=expires_at,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        details = {"lookup": row.lookup, "scopes": wanted, "sees_all_teams": sees_all_teams, **asdict(bound)}
        audit.record(actor, "key.created", subject=str(row.public_id), details=details, team_id=team.pk, at=at)
    return NewKey(row=row, text=text)


def verify_key(text: str, *, at: datetime, ask: Ask = exchange_typed) -> ApiKey | None:
    """Return the key, with its team, if the text is a key that is neither revoked nor expired; else None.

    One query, none for a text that is no key at all. Not checked here: scopes and bindings.
    """
    lookup = _lookup_of(text)
    if lookup is None:
        return None
    key = _find(lookup, ask=ask)
    # An unknown id costs the same HMACs as a known one, so that ids cannot be found by timing.
    stored = bytes(key.secret_digest) if key is not None else bytes(32)
    under = _secret_of(text, stored=stored)
    if key is None or under is None or not _is_valid(key, at=at):
        return None
    if under != settings.KEY_HMAC_SECRET:
        ask([Query(_REHASHED, {"digest": _digest(text, under=settings.KEY_HMAC_SECRET), "id": key.pk})])
    return key


def last_read(text: str, *, at: datetime) -> ApiKey | None:
    """Return the key as this process read it last, if it was valid and nothing of it has to be written; else None.

    No query: whoever relies on it reads it again (presumed.py).
    """
    lookup = _lookup_of(text)
    if lookup is None:
        return None
    key = _last.get(lookup)
    under = _secret_of(text, stored=bytes(key.secret_digest) if key is not None else bytes(32))
    if key is None or under != settings.KEY_HMAC_SECRET or not _is_valid(key, at=at) or _is_use_due(key, at=at):
        return None
    return key


def record_use(key: ApiKey, *, at: datetime, ask: Ask = exchange_typed) -> None:
    """Write when the key was last used; at most one statement a minute, however many requests use it at once."""
    if _is_use_due(key, at=at):
        ask([Query(_USED, {"at": at, "latest": at - USE_RECORDED_EVERY, "id": key.pk})])


def revoke_key(key: ApiKey, *, actor: Actor, at: datetime) -> bool:
    """Revoke a key from the next request on, with its audit line; return False if it was revoked before."""
    with transaction.atomic():
        rows = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
        changed = bool(rows.update(revoked_at=at, revoked_by_id=actor.user_id))
        if changed:
            details = {"lookup": key.lookup}
            audit.record(actor, "key.revoked", subject=str(key.public_id), details=details, team_id=key.team_id, at=at)
    key.refresh_from_db(fields=["revoked_at", "revoked_by"])
    return changed


def _find(lookup: str, *, ask: Ask) -> ApiKey | None:
    """Look a key up; every request of the API does, so without the making of a queryset.

    A key whose rows read as they did the last time is not made anew; nobody changes what is returned here.
    """
    for row in ask([Query(_FIND, {"lookup": lookup})])[0]:
        key = key_of(*row)
        if len(_last) >= MAX_REMEMBERED:
            _last.clear()
        _last[lookup] = key
        return key
    return None


_last: dict[str, ApiKey] = {}
"""As they were when they were read."""


@lru_cache(maxsize=MAX_REMEMBERED)
def key_of(told: str, team: str, secret_digest: bytes) -> ApiKey:
    """Return the key that a row of FIND is."""
    key = to_model(ApiKey, json.loads(told))
    key.team, key.secret_digest = to_model(Team, json.loads(team)), secret_digest
    return key


def _lookup_of(text: str) -> str | None:
    """Return the look-up id of a text that is a key by its form."""
    match = KEY_PATTERN.fullmatch(text)
    if match is None or not hmac.compare_digest(match["check"], _check(match["lookup"], match["secret"])):
        return None
    return match["lookup"]


def _is_use_due(key: ApiKey, *, at: datetime) -> bool:
    return key.last_used_at is None or key.last_used_at <= at - USE_RECORDED_EVERY


def _check_request(scopes: tuple[str, ...], *, at: datetime, expires_at: datetime | None) -> None:
    if not scopes:
        raise BadKeyRequestError(f"Name at least one scope of {', '.join(Scope.values)}.")
    if unknown := sorted(set(scopes) - set(Scope.values)):
        raise BadKeyRequestError(f"Unknown scope {', '.join(unknown)}; the scopes are {', '.join(Scope.values)}.")
    if expires_at is not None and expires_at <= at:
        raise BadKeyRequestError("`expires_at` must be in the future.")


def _new_text() -> str:
    lookup = "".join(secrets.choice(_LOOKUP_ALPHABET) for _ in range(8))
    secret = _base62(int.from_bytes(secrets.token_bytes(_SECRET_BYTES)), length=_SECRET_LENGTH)
    return f"sc_{lookup}_{secret}_{_check(lookup, secret)}"


def _check(lookup: str, secret: str) -> str:
    return _base62(zlib.crc32(f"sc_{lookup}_{secret}".encode()), length=_CHECK_LENGTH)


def _base62(number: int, *, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def _digest(text: str, *, under: str) -> bytes:
    return hmac.new(under.encode(), text.encode(), hashlib.sha256).digest()


def _secret_of(text: str, *, stored: bytes) -> str | None:
    """Return the HMAC secret under which the stored digest is this text's; every accepted secret is tried."""
    found = None
    for secret in (settings.KEY_HMAC_SECRET, settings.KEY_HMAC_SECRET_PREVIOUS):
        if secret and hmac.compare_digest(_digest(text, under=secret), stored):
            found = secret
    return found


def _is_valid(key: ApiKey, *, at: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > at)
