"""Lock files that are JSON, read whole: package-lock.json of npm (1 to 3) and composer.lock of Composer.

A part of one is read line by line like any other text (locks.py). Source: npm's package-lock.json documentation and
Composer's Locker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from inventory.formats.lists.packages import package_indicator, unreadable
from inventory.formats.records import storable

if TYPE_CHECKING:
    from inventory.identity.indicators import Indicator

_FOLDER = "node_modules/"
_Entry = tuple[str, str, str, object]
"""Text by which its line is found, purl type, name, version."""


def is_lock_file(names: frozenset[str]) -> bool:
    """Say whether these are the top-level names of a lock file."""
    return "lockfileVersion" in names or {"packages", "content-hash"} <= names


def read_json_lock(text: str) -> list[Indicator] | None:
    """Return what a lock file locks, in its order; None for any other text, and for one that is not whole."""
    if not text.lstrip().startswith("{") or not ('"lockfileVersion"' in text or '"content-hash"' in text):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not is_lock_file(frozenset(value)):
        return None
    return list(_located(text, _npm(value) if "lockfileVersion" in value else _composer(value)))


def _npm(value: Mapping[str, object]) -> Iterator[_Entry]:
    packages = value.get("packages")
    if isinstance(packages, dict):
        for path, entry in packages.items():
            # What lies outside node_modules, and what is a link to it, is the project's own.
            if isinstance(entry, dict) and _FOLDER in path and not entry.get("link"):
                name = entry.get("name") or path.rpartition(_FOLDER)[2]
                yield path, "npm", str(name), entry.get("version")
        return
    pending = [value.get("dependencies")]
    while pending:
        found = pending.pop()
        for name, entry in found.items() if isinstance(found, dict) else ():
            if isinstance(entry, dict):
                yield _aliased(name, entry.get("version"))
                pending.append(entry.get("dependencies"))


def _aliased(name: str, version: object) -> _Entry:
    """Read `npm:real-name@1.0`, which stands for the version of a package that has another name here."""
    if isinstance(version, str) and version.startswith("npm:"):
        real, _, at = version.removeprefix("npm:").rpartition("@")
        return name, "npm", real, at
    return name, "npm", name, version


def _composer(value: Mapping[str, object]) -> Iterator[_Entry]:
    for member in ("packages", "packages-dev"):
        found = value.get(member)
        for entry in found if isinstance(found, list) else ():
            if isinstance(entry, dict):
                name = str(entry.get("name", ""))
                yield name, "composer", name, entry.get("version")


def _located(text: str, entries: Iterator[_Entry]) -> Iterator[Indicator]:
    """Make an indicator of each entry, with the line where its name stands, as far as the file is in order."""
    line, place = 1, 0
    for key, purl_type, name, version in entries:
        found = text.find(json.dumps(key, ensure_ascii=False), place)
        if found >= 0:
            line += text.count("\n", place, found)
            place = found
        given = storable(f"{name}@{version}")
        if isinstance(version, str) and version and "/" not in version:
            yield package_indicator(purl_type, name, listed=storable(version), given=given, line=line)
        else:
            yield unreadable(given, line=line, problem="no version is locked, but an address or nothing")
