"""Count by hand where a component runs: from the stored bytes of every SBOM and from the run intervals alone.

Nothing of the index is asked: neither components nor tracks nor the projection of what runs. A document holds the
component when its bytes hold the purl as text; it is about the digests that it was sent for and those that its own
subject states. What this cannot read (compressed files, attestations) it counts as unread: the count by hand may find
less than there is, never more than the documents say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from inventory.models import READABLE, Evidence, EvidenceKind, RunInterval
from inventory.store.blobs import read
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError, EvidenceRemovedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_DIGEST = re.compile(rb"sha256:[0-9a-f]{64}")
_PURL = re.compile(rb"pkg:[a-z0-9.+-]+/[A-Za-z0-9%._~/+:-]+@[A-Za-z0-9%._~+:-]+")
_ENDS = rb"(?![A-Za-z0-9%._~+:-])"
_AT_ONCE = 50


@dataclass(slots=True)
class CountedByHand:
    """Which running artifacts hold the component, and how much was read to tell."""

    digests: set[str] = field(default_factory=set)
    document_count: int = 0
    unread_count: int = 0


def count_by_hand(purl: str, *, among: Collection[str]) -> CountedByHand:
    """Read every SBOM that was applied, a document at a time, and count which of these digests hold the component."""
    counted, wanted = CountedByHand(), _spellings(purl)
    for evidence in _documents():
        data = _bytes(evidence)
        counted.document_count += 1
        if data is None or not data.lstrip().startswith((b"{", b"[", b"<", b"SPDX")):
            counted.unread_count += 1
        elif wanted.search(data):
            about = stated_digests(evidence, data)
            counted.unread_count += not about
            counted.digests |= about.intersection(among)
    return counted


def running_digests() -> set[str]:
    """Return the digests that run now, as the reports named them."""
    rows = RunInterval.objects.filter(closed_at__isnull=True, artifact__isnull=False)
    return {digest for digest in rows.values_list("artifact__digest", flat=True).distinct() if digest}


def stated_digests(evidence: Evidence, data: bytes) -> set[str]:
    """Return what a document is about: the digests of its request, and those in the subject that it states."""
    return set(evidence.artifacts) | {found.decode() for found in _DIGEST.findall(_subject(data))}


def purls_in(data: bytes) -> list[str]:
    """Return the purls with a version that stand in a document."""
    return sorted({found.decode() for found in _PURL.findall(data)})


def _documents() -> Iterator[Evidence]:
    rows = Evidence.objects.filter(state__state__in=READABLE, state__kind=EvidenceKind.SBOM)
    yield from rows.select_related("blob").order_by("pk").iterator(chunk_size=_AT_ONCE)


def _bytes(evidence: Evidence) -> bytes | None:
    try:
        return read(evidence.blob)
    except (EvidenceRemovedError, EvidenceCorruptError, EvidenceMissingError):
        return None


def _spellings(purl: str) -> re.Pattern[bytes]:
    """Match the purl as documents write it: an @ that begins a scope is encoded by some, and slashes are escaped."""
    head, _, version = purl.rpartition("@")
    plain = head.replace("%40", "@")
    versions = {version, version.replace("%2B", "+"), quote(version, safe="")}
    both = {f"{start}@{end}" for start in (plain, plain.replace("/@", "/%40")) for end in versions}
    written = sorted(re.escape(text.encode()).replace(rb"/", rb"\\?/") for text in both)
    return re.compile(b"(?:" + b"|".join(written) + b")" + _ENDS)


def _subject(data: bytes) -> bytes:
    """Return the part of a JSON document that says what it is about, as text; nothing of other documents."""
    if not data.lstrip().startswith(b"{"):
        return b""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return b""
    metadata = document.get("metadata")
    root = metadata.get("component") if isinstance(metadata, dict) else _described(document)
    if isinstance(root, dict):
        root = {name: value for name, value in root.items() if name != "components"}
        hashes = [f"sha256:{one.get('content')}" for one in root.get("hashes") or () if one.get("alg") == "SHA-256"]
        root["hashes"] = hashes
    return json.dumps(root).replace("%3A", ":").replace("%3a", ":").encode()


def _described(document: dict[str, object]) -> object:
    """Return the packages that an SPDX document says it describes."""
    named, packages = document.get("documentDescribes"), document.get("packages")
    if not isinstance(named, list) or not isinstance(packages, list):
        return None
    return [one for one in packages if isinstance(one, dict) and one.get("SPDXID") in named]
