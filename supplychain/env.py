"""Typed readers of the environment. A missing or bad value stops the start with one sentence that names it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})
_DATABASE_SCHEMES = frozenset({"postgres", "postgresql"})


class BadSettingError(ImproperlyConfigured):
    """An environment variable is missing or has a value that cannot be used."""


class DatabaseAddress(TypedDict):
    """Where a PostgreSQL is, in the words of Django's DATABASES."""

    ENGINE: str
    NAME: str
    USER: str
    PASSWORD: str
    HOST: str
    PORT: str
    OPTIONS: dict[str, object]


@dataclass(frozen=True, slots=True)
class TeamGrant:
    """Whoever is in this group of the identity provider has this role in this team."""

    group: str
    team: str
    role: str


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """Whoever is in this group of the identity provider has this role across the organisation."""

    group: str
    role: str


def text(name: str, *, default: str | None = None) -> str:
    """Return the value of a variable; without a default it must be there."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise BadSettingError(f"{name} must be set (see docs/operations.md).")
    return default


def flag(name: str, *, default: bool) -> bool:
    """Return a switch: 1, true, yes, on or 0, false, no, off."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadSettingError(f"{name} must be true or false, not {value!r}.")


def number(name: str, *, default: int, minimum: int = 0, maximum: int | None = None) -> int:
    """Return a whole number between `minimum` and `maximum`, both allowed."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        result = int(value)
    except ValueError:
        raise BadSettingError(f"{name} must be a whole number, not {value!r}.") from None
    if result < minimum or (maximum is not None and result > maximum):
        limits = f"at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        raise BadSettingError(f"{name} must be {limits}, not {result}.")
    return result


def choice(name: str, *, default: str, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed words."""
    value = os.environ.get(name, "").strip() or default
    if value not in allowed:
        raise BadSettingError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def pattern(name: str, *, default: str) -> str:
    """Return a regular expression as it was written, which Python can read."""
    value = os.environ.get(name, "").strip() or default
    try:
        re.compile(value)
    except re.error as error:
        raise BadSettingError(f"{name} must be a regular expression, not {value!r}: {error}.") from None
    return value


def words(name: str, *, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return a list written with commas; blanks around the words and empty words are dropped."""
    value = os.environ.get(name)
    if value is None:
        return default
    return tuple(word.strip() for word in value.split(",") if word.strip())


def team_grants(name: str, *, roles: tuple[str, ...]) -> tuple[TeamGrant, ...]:
    """Return a list of `group=team:role`; the group may hold any character but a comma."""
    grants = []
    for word in words(name):
        group, _, target = word.rpartition("=")
        team, _, role = target.partition(":")
        if not group or not team or role not in roles:
            raise BadSettingError(f"{name}: {word!r} is not group=team:role with the role {' or '.join(roles)}.")
        grants.append(TeamGrant(group=group, team=team, role=role))
    return tuple(grants)


def role_grants(name: str, *, roles: tuple[str, ...]) -> tuple[RoleGrant, ...]:
    """Return a list of `group=role`."""
    grants = []
    for word in words(name):
        group, _, role = word.rpartition("=")
        if not group or role not in roles:
            raise BadSettingError(f"{name}: {word!r} is not group=role with the role {' or '.join(roles)}.")
        grants.append(RoleGrant(group=group, role=role))
    return tuple(grants)


def issuer(name: str) -> str:
    """Return the address of an identity provider, exactly as it names itself; over TLS unless it is on this machine."""
    value = os.environ.get(name, "").strip()
    parts = urlsplit(value)
    if value and parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise BadSettingError(f"{name} must start with https://.")
    return value


def secret(name: str, *, default: str | None = None) -> str:
    """Return a secret from NAME, or from the file that NAME_FILE points to (its trailing newline dropped).

    The value is never part of an error message.
    """
    value, file = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value and file:
        raise BadSettingError(f"Set {name} or {name}_FILE, not both.")
    if file:
        value = _read_secret(file, name=name)
    if not value and default is None:
        raise BadSettingError(f"{name} or {name}_FILE must be set (see docs/operations.md).")
    return value or default or ""


def signing_key(name: str) -> str:
    """Return a private key in PEM that we can sign with, or ''. Like every secret it is never part of a message."""
    pem = secret(name, default="")
    if not pem:
        return ""
    from supplychain.signing import BadSigningKeyError, load_private  # noqa: PLC0415  cryptography, where it is needed

    try:
        load_private(pem)
    except BadSigningKeyError as error:
        raise BadSettingError(f"{name} {error}.") from None
    return pem


def signing_keys(name: str) -> str:
    """Return public keys in PEM, one below the other, or ''."""
    pems = secret(name, default="")
    if not pems:
        return ""
    from supplychain.signing import BadSigningKeyError, load_publics  # noqa: PLC0415  the same

    try:
        load_publics(pems)
    except BadSigningKeyError as error:
        raise BadSettingError(f"{name} {error}.") from None
    return pems


def new_signing_key() -> str:
    """Return a new private key in PEM."""
    from supplychain.signing import new_key  # noqa: PLC0415  the same

    return new_key()


def database(url: str) -> DatabaseAddress:
    """Read a `postgresql://user:password@host:port/name?option=value` address.

    `?host=/folder` names a unix socket, as libpq writes it; every other option goes to libpq unchanged.
    """
    parts = urlsplit(url)
    if parts.scheme not in _DATABASE_SCHEMES:
        raise BadSettingError("DATABASE_URL must start with postgresql:// (no other database is supported).")
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise BadSettingError("DATABASE_URL must end in the name of a database.")
    options: dict[str, object] = dict(parse_qsl(parts.query))
    host = str(options.pop("host", "")) or unquote(parts.hostname or "")
    return DatabaseAddress(
        ENGINE="supplychain.database.engine",
        NAME=name,
        USER=unquote(parts.username or ""),
        PASSWORD=unquote(parts.password or ""),
        HOST=host,
        PORT=_port(url),
        OPTIONS=options,
    )


def _port(url: str) -> str:
    try:
        port = urlsplit(url).port
    except ValueError:
        raise BadSettingError("DATABASE_URL: the port must be a number from 1 to 65535.") from None
    return str(port or "")


def _read_secret(file: str, *, name: str) -> str:
    try:
        value = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettingError(f"{name}_FILE cannot be read: {type(error).__name__}.") from None
    if not value:
        raise BadSettingError(f"{name}_FILE points to an empty file.")
    return value
