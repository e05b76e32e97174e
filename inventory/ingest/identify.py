"""Say which component a record is: its purl's identity, or for a component without purl a name that tells it apart."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from inventory.identity.purls import PackageKey, package_key

if TYPE_CHECKING:
    from inventory.formats.records import ComponentRecord

_MAX_NAME_BYTES = 1000
"""Of a namespace or a name, so that both fit into a btree entry.

A longer one keeps its beginning and a hash of the rest.
"""
_MAX_TEXT_BYTES = 1000
_HASH_PREFERENCE = ("sha256", "sha512", "sha384", "sha1", "md5")


class ComponentIdentity(msgspec.Struct, frozen=True, gc=False):
    """What is interned: `text` is unique, `key` finds the package, the rest is how it was first written."""

    text: str
    key: PackageKey
    namespace: str
    name: str
    version: str
    has_purl: bool
    source: PackageKey | None


def identify(record: ComponentRecord) -> ComponentIdentity:
    """Return the identity of a component."""
    purl = record.purl
    if purl is None:
        return _identify_by_name(record)
    source = purl.upstream or record.source_package
    return ComponentIdentity(
        text=purl.text,
        key=purl.key,
        namespace=purl.namespace,
        name=purl.name,
        version=purl.version,
        has_purl=True,
        source=package_key(purl.type, purl.namespace, source) if source else None,
    )


def _identify_by_name(record: ComponentRecord) -> ComponentIdentity:
    """Without purl, the same name and version with another hash is another component: a rebuilt file is another."""
    group, name = _bounded(record.group), _bounded(record.name)
    text = f"name:{record.type}/{record.group}/{record.name}@{record.version}"
    stated = {hash_.algorithm: hash_.value for hash_ in record.hashes}
    best = next((algorithm for algorithm in _HASH_PREFERENCE if algorithm in stated), None)
    if best is not None:
        text = f"{text}#{best}:{stated[best]}"
    if len(text.encode()) > _MAX_TEXT_BYTES:
        text = f"name:{record.type}/#{hashlib.sha256(text.encode()).hexdigest()}"
    return ComponentIdentity(
        text=text,
        key=PackageKey("", group.lower(), name.lower()),
        namespace=group,
        name=name,
        version=record.version[:1024],
        has_purl=False,
        source=None,
    )


def _bounded(text: str) -> str:
    encoded = text.encode()
    if len(encoded) <= _MAX_NAME_BYTES:
        return text
    start = encoded[: _MAX_NAME_BYTES - 80].decode(errors="ignore")
    return f"{start}#{hashlib.sha256(encoded).hexdigest()}"
