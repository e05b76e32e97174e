"""Real statements, envelopes and bundles: predicate type and subjects of each are those that a plain decoder finds.

The decoder here knows nothing of our readers: it looks for envelopes wherever they stand and decodes them with the
standard library. What it cannot take for an in-toto statement must be refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from inventory.formats.attestations.records import AttestationRecord, AttestationsRecord
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.conformance.corpus import corpus, entries
from tests.conformance.frame import Case, Suite

_FOLDERS: Final = (
    "intoto", "intoto-legacy", "provenance-unsigned", "sigstore-bundles", "sigstore-conformance", "sigstore-local",
    "slsa-provenance",
)  # fmt: skip
_WANTED: Final = frozenset(
    {"dsse", "dsse-or-bundle", "dsse-or-policy", "invalid", "link-or-layout", "statement", "bundle", "verify-pass",
     "verify-fail", "provenance"}
)  # fmt: skip
_BUNDLES: Final = re.compile(r"application/vnd\.dev\.sigstore\.bundle(\+json;version=0\.[123]|\.v0\.[123]\+json)")
_LENGTHS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_REFUSED: Final = "refused"


def _cases(_corpus: Path) -> Iterator[Case]:
    for entry in entries():
        path = entry["path"]
        if path.split("/")[0] in _FOLDERS and entry["expected"] in _WANTED:
            data = (corpus() / path).read_bytes()
            yield Case(path, " | ".join(_plain(data)) or _REFUSED, _ours(data))


def _ours(data: bytes) -> str:
    try:
        record = read_document(data)
    except FormatError:
        return _REFUSED
    if not isinstance(record, AttestationsRecord):
        return type(record).__name__
    return " | ".join(_shown(found) for found in record.attestations)


def _shown(found: AttestationRecord) -> str:
    digests = sorted(str(digest) for subject in found.subjects for digest in subject.digests)
    return f"{found.predicate_type or found.predicate.value} {' '.join(digests)}"


def _plain(data: bytes) -> list[str]:
    try:
        values = [json.loads(data)]
    except ValueError:
        try:
            values = [json.loads(line) for line in data.splitlines() if line.strip()]
        except ValueError:
            return []
    return [shown for value in values for shown in _walk(value)]


def _walk(value: Any) -> Iterator[str]:
    """Yield what every envelope below says, in the order of the document."""
    if isinstance(value, list):
        for item in value:
            yield from _walk(item)
    elif isinstance(value, dict):
        found = _envelope(value)
        if found is not None:
            yield from found
            return
        for name in ("attestations", "bundle", "provenance_summary", "provenance", "envelope"):
            yield from _walk(value.get(name))


def _envelope(value: dict[str, Any]) -> list[str] | None:
    """Return what an envelope says, nothing where it is a bad one, None where it is none."""
    if "verificationMaterial" in value:
        if not _BUNDLES.fullmatch(str(value.get("mediaType"))):
            return []
        message = value.get("messageSignature")
        return _envelope(value["dsseEnvelope"]) if message is None else [_message(message)]
    if "payload" in value and "payloadType" in value:
        is_in_toto = value["payloadType"] == "application/vnd.in-toto+json"
        return _statement(_decoded(value["payload"])) if is_in_toto else []
    if "predicateType" in value and "subject" in value:
        return _statement(value)
    return _statement(value["signed"]) if "signed" in value and "signatures" in value else None


def _decoded(payload: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(payload.replace("+", "-").replace("/", "_") + "=="))
    except (binascii.Error, ValueError):
        return {}


def _message(message: dict[str, Any]) -> str:
    return f"signature sha256:{base64.b64decode(message['messageDigest']['digest']).hex()}"


def _statement(value: Any) -> list[str]:
    if value.get("_type") == "link":
        subjects = [{"digest": digests} for digests in value["products"].values()]
        return [f"link {_digests(subjects)}"]
    if not isinstance(value, dict) or not value.get("_type") or not value.get("subject"):
        return []
    if not all(isinstance(item, dict) and isinstance(item.get("digest"), dict) for item in value["subject"]):
        return []
    return [f"{value['predicateType'] or 'unknown'} {_digests(value['subject'])}"]


def _digests(subjects: list[Any]) -> str:
    found = [
        f"{name}:{text}"
        for subject in subjects
        for name, text in subject["digest"].items()
        if len(text) == _LENGTHS.get(name)
    ]
    return " ".join(sorted(found))


SUITE = Suite(
    "attestations",
    "Real statements, DSSE envelopes and Sigstore bundles: predicate types and subjects, and what is none.",
    _FOLDERS,
    _cases,
)
