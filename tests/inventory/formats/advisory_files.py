"""Makes advisories and zips of them for tests, and reads documents of advisories whole."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from inventory.formats.advisory import AdvisoryRecord
from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.limits import Limits
from inventory.formats.read import read_document


def osv(identifier: str = "MAL-2026-1", **members: Any) -> dict[str, Any]:
    """Return a record that names one malicious version, unless `affected` says something else."""
    affected = [{"package": {"ecosystem": "npm", "name": "left-pad"}, "versions": ["1.3.0"]}]
    return {"id": identifier, "modified": "2026-03-01T00:00:00Z", "affected": affected, **members}


def ranged(*events: Mapping[str, str], kind: str = "ECOSYSTEM", **package: str) -> dict[str, Any]:
    """Return an entry of `affected` with one range."""
    named = {"ecosystem": "npm", "name": "left-pad", **package}
    return {"package": named, "ranges": [{"type": kind, "events": list(events)}]}


def zipped(entries: Mapping[str, bytes | Mapping[str, Any]]) -> bytes:
    """Return a zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return buffer.getvalue()


def feed_of(data: bytes | Mapping[str, Any] | list[Any], **limits: int) -> AdvisoryFeed:
    """Return the feed of a document."""
    given = data if isinstance(data, bytes) else json.dumps(data).encode()
    feed = read_document(given, limits=Limits(**limits), kind="advisory")
    assert isinstance(feed, AdvisoryFeed)
    return feed


def records_of(feed: AdvisoryFeed) -> list[AdvisoryRecord]:
    """Walk a feed to its end."""
    return [record for raw in feed.records if (record := feed.read(raw)) is not None]


def codes_of(feed: AdvisoryFeed) -> list[str]:
    """Return the codes of a feed's warnings; those of its records are there once it was walked."""
    return [warning.code for warning in feed.defects.warnings()]
