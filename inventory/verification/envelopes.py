"""The bytes of envelopes, read again out of the documents that carried them: those whose digest was written down."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.read import find_envelopes
from inventory.formats.attestations.shapes import Found
from inventory.formats.json_parts import array_items, read_members
from inventory.formats.read import open_document
from inventory.formats.records import FormatError
from inventory.store import blobs
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError, EvidenceRemovedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.formats.limits import Limits
    from inventory.formats.source import Source

_LOST: Final = (EvidenceCorruptError, EvidenceMissingError, EvidenceRemovedError)


class Envelopes:
    """Envelopes by their digest. Of those that cannot be had, the code of why."""

    def __init__(self) -> None:
        self._found: dict[str, bytes] = {}
        self._missing: dict[str, str] = {}

    def get(self, digest: str) -> bytes | None:
        """Return an envelope's bytes; None where they cannot be had."""
        return self._found.get(digest)

    def why_not(self, digest: str) -> str:
        """Return the code of why an envelope's bytes cannot be had."""
        return self._missing.get(digest, "envelope_missing")

    def read(self, wanted: Mapping[str, set[str]], *, limits: Limits) -> None:
        """Read the wanted envelopes, by the digest of the document they are in; one statement.

        Raises EvidenceStoreUnavailableError: the documents are there, and nobody may say that they are not.
        """
        rows = blobs.read_rows(wanted)
        for blob, digests in wanted.items():
            if blob not in rows:
                continue
            try:
                data = blobs.read(rows[blob])
            except _LOST as error:
                self._missing |= dict.fromkeys(digests, error.code)
                continue
            self._found |= _pick(data, digests, limits=limits)


def _pick(data: bytes, digests: set[str], *, limits: Limits) -> dict[str, bytes]:
    """Return the envelopes of a document whose bytes have one of the digests; nothing of one that is none now."""
    try:
        found = _all(open_document(data, limits=limits))
        named = ((f"sha256:{hashlib.sha256(raw).hexdigest()}", raw) for raw in found)
        return {digest: raw for digest, raw in named if digest in digests}
    except FormatError:
        return {}


def _all(source: Source) -> Iterator[bytes]:
    if source.detected.format == "oci-manifest":
        yield from (bytes(layer) for layer in array_items(read_members(source.text)["layers"], pointer="/layers"))
        return
    yield from (bytes(one.raw) for one in find_envelopes(source.text) if isinstance(one, Found))
