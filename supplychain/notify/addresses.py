"""Which addresses a notification may go to: no name of ours, nothing inside, whatever a name is made to point at.

A target is checked twice: its form when it is written down, and each address its name resolves to when it is used. The
connection then goes to the address that was checked, so that a name that changes in between changes nothing.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings

from supplychain.errors import DomainError, ErrorDetail

MAX_URL = 2_000
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_NOT_OURS_TO_ASK = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
"""Of protocols, in part global by the book: clouds have put their own services there."""
_PORTS = {"https": 443, "http": 80}


class BadTargetError(DomainError):
    """A target cannot be used as it stands."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_target", message, details=[ErrorDetail("/target", "bad_target", message)])


class ForbiddenAddressError(Exception):
    """The name of a target leads to an address that is none of the outside world's."""


class UnknownHostError(Exception):
    """The name of a target leads nowhere."""


@dataclass(frozen=True, slots=True)
class Target:
    """A web address, taken apart. `path` holds the query, too."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """What of it may be shown: the rest often is a secret."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def is_named_inside(self) -> bool:
        """Whether the settings name this host as one of ours that may be told."""
        return bool({self.host, f"{self.host}:{self.port}"}.intersection(settings.NOTIFY_INTERNAL_HOSTS))


def read_target(url: str) -> Target:
    """Take a web address apart. Raises BadTargetError for what could never be told."""
    if len(url) > MAX_URL or any(character.isspace() or not character.isprintable() for character in url):
        raise BadTargetError("The address is too long, or holds a blank or a control character.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadTargetError("The address cannot be read.") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise BadTargetError("The address must begin with https:// and name a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadTargetError("The address must hold no user, no password and no fragment.")
    try:
        host = parts.hostname.encode("idna").decode("ascii").rstrip(".")
        path = (parts.path or "/").encode("ascii").decode() + (f"?{parts.query}" if parts.query else "")
    except UnicodeError as error:
        raise BadTargetError("The address holds characters that must be percent-encoded.") from error
    target = Target(parts.scheme, host, port or _PORTS[parts.scheme], path)
    _check_form(target)
    return target


def addresses_of(target: Target) -> tuple[str, ...]:
    """Resolve a target's name, and return its addresses. Raises UnknownHostError, ForbiddenAddressError.

    One address of the inside is enough to refuse the name: a name of ours has none, and one that mixes them is a trap.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHostError from error
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not target.is_named_inside and any(not is_outside(address) for address in addresses):
        raise ForbiddenAddressError
    return addresses


def is_outside(address: str) -> bool:
    """Say whether an address is one of the public internet, through whatever form it is written or wrapped in."""
    plain = ip_address(address.partition("%")[0])
    inner = _inner(plain)
    if inner is not None:
        return is_outside(str(inner))
    if any(plain in network for network in _NOT_OURS_TO_ASK):
        return False
    return plain.is_global and not (
        plain.is_multicast or plain.is_reserved or plain.is_unspecified or plain.is_loopback or plain.is_link_local
    )


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address inside an IPv6 one: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _check_form(target: Target) -> None:
    if target.is_named_inside:
        return
    if target.scheme != "https":
        raise BadTargetError("The address must begin with https://.")
    try:
        literal = ip_address(target.host)
    except ValueError:
        if "." not in target.host or target.host.endswith((".localhost", ".local", ".internal")):
            raise BadTargetError("The address must name a public host.") from None
        return
    if not is_outside(str(literal)):
        raise BadTargetError("The address must name a public host.")
