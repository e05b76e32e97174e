"""OSV's evaluation on real records: what a record lists is affected, and what it says was fixed is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inventory.formats.advisory import AffectedRecord
from inventory.formats.advisory_records import AdvisoryFeed
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from inventory.identity.versions.osv import OsvVerdict, affected_versions, judge_all, read_ranges
from tests.conformance.corpus import entries
from tests.conformance.frame import Case, Suite

_FOLDERS: Final = ("osv", "incident-feed")
_ENDS: Final = {"introduced": OsvVerdict.AFFECTED, "last_affected": OsvVerdict.AFFECTED, "fixed": OsvVerdict.UNAFFECTED}

_NOT_VERSIONS: Final = frozenset({"2019-09-12"})
_REASON: Final = "A date is no PEP 440 version: nobody can tell what is before it, so it is `unevaluable`."


def _cases(corpus: Path) -> Iterator[Case]:
    for entry in entries():
        path = str(entry["path"])
        if path.startswith(tuple(f"{folder}/" for folder in _FOLDERS)):
            yield from _of_file(corpus / path, path)


def _of_file(path: Path, name: str) -> Iterator[Case]:
    try:
        feed = read_document(path.read_bytes(), kind="advisory")
        assert isinstance(feed, AdvisoryFeed)
        records = [record for raw in feed.records if (record := feed.read(raw)) is not None]
    except FormatError:
        return  # The suite `osv` says what is refused.
    for record in records:
        for place, entry in enumerate(record.affected):
            if entry.key is not None:
                yield from _of_entry(entry, [one for one in record.affected if one.key == entry.key], f"{name} {place}")


def _of_entry(entry: AffectedRecord, entries_of_package: list[AffectedRecord], name: str) -> Iterator[Case]:
    """Ask an entry of its own events and versions: an end of one may lie inside another."""
    assert entry.key is not None
    alone = affected_versions(entry.key.type, ranges=read_ranges(entry.ranges), versions=entry.versions)
    for kind, version in _events(entry):
        expected = _ENDS.get(kind)
        if expected is None or version == "0" or (kind == "fixed" and version in entry.versions):
            continue
        reason = _REASON if version in _NOT_VERSIONS else ""
        yield Case(f"{name} {kind} {version}", expected, alone.judge(version), reason)
    if entry.versions:
        all_of_it = [
            affected_versions(entry.key.type, ranges=read_ranges(one.ranges), versions=one.versions)
            for one in entries_of_package
        ]
        verdicts = {judge_all(all_of_it, version) for version in entry.versions}
        yield Case(f"{name} listed", str(OsvVerdict.AFFECTED), ", ".join(sorted(verdicts)))


def _events(entry: AffectedRecord) -> set[tuple[str, str]]:
    ranges = json.loads(entry.ranges) if entry.ranges else []
    return {
        (kind, version)
        for one in ranges
        if one["type"] in ("ECOSYSTEM", "SEMVER")
        for event in one["events"]
        for kind, version in event.items()
    }


SUITE = Suite("osv_evaluation", "What real records list is affected; what they say is fixed is not.", _FOLDERS, _cases)
