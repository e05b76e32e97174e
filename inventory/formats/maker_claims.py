"""Who made or published a component, as its SBOM says: names of accounts and addresses of mail, which nobody verified.

CycloneDX: `publisher`, `author`, `authors`, `supplier`, `manufacturer`. SPDX: `supplier`, `originator` (SPDX 2.3,
clauses 7.5 and 7.6), `suppliedBy`, `originatedBy` (3.0). Syft: what packages say of themselves. A name with blanks is a
person's or a company's, not an account's, and is left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from inventory.formats.source_claims import ACCOUNT, MOST_CLAIMS, SourceClaim
from inventory.identity.origins import read_login
from inventory.identity.repositories import FORGES

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 1_024
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_ADDRESS: Final = re.compile(r"https?://[^\s()<>]+")
_KIND: Final = re.compile(r"^(?:person|organization|tool):\s*", re.IGNORECASE)
_NOBODY: Final = frozenset({"noassertion", "none", "unknown", "n/a"})
_NAMED: Final = ("name", "email")


@lru_cache(maxsize=8_192)
def of_raw(raw: bytes) -> tuple[SourceClaim, ...]:
    """Return what one of CycloneDX's fields claims: a text, a person or company, or a list of them."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()  # what cannot be read claims nothing; the component has its other fields
    return _claims(_texts(value))


def of_value(value: object) -> tuple[SourceClaim, ...]:
    """Return the same of a field that was decoded, or of one that another syntax has."""
    return of_text(value) if isinstance(value, str) else of_raw(msgspec.json.encode(value))


@lru_cache(maxsize=8_192)
def of_text(text: str) -> tuple[SourceClaim, ...]:
    """Return what an SPDX `supplier` or `originator` claims, such as `Person: Jane Doe (jane@example.com)`."""
    return _claims(iter((text,)))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value[:MOST_CLAIMS]:
            yield from _texts(one)
    elif isinstance(value, dict):
        yield from (text for name in _NAMED if isinstance(text := value.get(name), str))
        if isinstance(contacts := value.get("contact"), list):
            yield from _texts(contacts)


def _claims(texts: Iterator[str]) -> tuple[SourceClaim, ...]:
    found = dict.fromkeys(name for text in texts for name in _accounts(text[:_LONGEST]))
    return tuple(SourceClaim(ACCOUNT, name) for name in found)[:MOST_CLAIMS]


def _accounts(text: str) -> Iterator[str]:
    """Yield the accounts of `name <mail> (address)`, as npm and others write a person; each in lower case."""
    plain = _KIND.sub("", text.strip()).lower()
    yield from _MAIL.findall(plain)
    for address in _ADDRESS.findall(plain):
        if (login := _of_forge(address)) is not None:
            yield login
    name = re.split(r"[<(]", plain, maxsplit=1)[0].strip()
    if "@" not in name and "/" not in name and name not in _NOBODY and (login := read_login(name)) is not None:
        yield login


def _of_forge(address: str) -> str | None:
    """Return the account that a forge's page is of: its address has one segment."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    login = parts.path.strip("/")
    return read_login(login) if parts.netloc in FORGES and "/" not in login else None
