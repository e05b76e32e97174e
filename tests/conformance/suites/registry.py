"""What a real registry sent and holds: events, manifests, referrers of images that a tag overwrote."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inventory.formats.image_records import ImageRecord, RegistryRecord
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.conformance.frame import Case, Suite

_NO_MANIFESTS = ("catalog.json", "tags-list.json")


def _cases(corpus: Path) -> Iterator[Case]:
    for path in sorted((corpus / "registry" / "events").glob("*.json")):
        data = path.read_bytes()
        wanted = [_event(event) for event in json.loads(data)["events"]]
        yield Case(path.name, " | ".join(wanted), _events_read(data))
    for path in sorted((corpus / "registry" / "api").glob("*.json")):
        data = path.read_bytes()
        yield Case(path.name, _manifest(data, name=path.name), _image_read(data))


def _event(event: dict[str, Any]) -> str:
    target = event["target"]
    repository = f"{event['request']['host']}/{target['repository']}"
    return f"{event['action']} {repository}:{target.get('tag', '')} {target.get('digest', '') or 'none'}"


def _events_read(data: bytes) -> str:
    record = read_document(data)
    if not isinstance(record, RegistryRecord):
        return type(record).__name__
    shown = [f"{event.action.value} {event.repository}:{event.tag} {event.digest or 'none'}" for event in record.events]
    return " | ".join(shown)


def _manifest(data: bytes, *, name: str) -> str:
    if name in _NO_MANIFESTS:
        return "refused unknown_format"
    body = json.loads(data)
    is_image = body.get("config", {}).get("mediaType", "").endswith("image.config.v1+json")
    config = body["config"]["digest"] if is_image else "none"
    subject = body.get("subject", {}).get("digest", "none")
    listed = " ".join(item["digest"] for item in body.get("manifests", []))
    return f"sha256:{hashlib.sha256(data).hexdigest()} config {config} subject {subject} lists {listed or 'none'}"


def _image_read(data: bytes) -> str:
    try:
        record = read_document(data)
    except FormatError as error:
        return f"refused {error.code}"
    if not isinstance(record, ImageRecord):
        return type(record).__name__
    config = next((str(pair.config) for pair in record.configs), "none")
    subject = next((str(one.subject) for one in record.referrers), "none")
    listed = " ".join([*(str(m.member) for m in record.memberships), *(str(digest) for digest, _ in record.artifacts)])
    return f"{record.digest} config {config} subject {subject} lists {listed or 'none'}"


SUITE = Suite(
    "registry", "What a registry sent and holds: events of its tags, manifests, referrers.", ("registry",), _cases
)
