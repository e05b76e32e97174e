"""Vendors' tables, with or without a heading: `pkg,= 1.0.1 || = 1.0.2`, tabs, semicolons, bars."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.lists.names import ECOSYSTEMS, NAME, name_package
from inventory.formats.lists.packages import package_indicator, purl_indicator, unreadable
from inventory.formats.lists.versions import is_expression
from inventory.identity.indicators import Indicator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADINGS = {
    "name": ("package", "packages", "package name", "package_name", "name", "module", "artifact", "component",
             "library", "dependency", "purl", "affected package"),
    "versions": ("version", "versions", "version(s)", "affected version", "affected versions", "affected version(s)",
                 "compromised version", "compromised versions", "compromised version(s)", "malicious version",
                 "malicious versions", "vulnerable versions", "package version", "package_version", "range"),
    "ecosystem": ("ecosystem", "type", "registry", "package manager", "language", "platform", "manager"),
}  # fmt: skip
_ROLES = {heading: role for role, headings in _HEADINGS.items() for heading in headings}
_RULE = re.compile(r"[|:\s-]*-[|:\s-]*")
_PREFIXED = re.compile(r"(?P<type>[A-Za-z][A-Za-z.]{1,14}):(?P<name>@?\w.*)")


@dataclass(slots=True)
class TableReader:
    """Remembers the heading of a table: which column holds what."""

    columns: Mapping[str, int] | None = None

    def read(self, line: str, *, number: int) -> Sequence[Indicator] | None:
        """Return the row's indicator, nothing for a heading, None for a line that is no row of a table."""
        if not any(separator in line for separator in ",\t;|"):
            return None
        cells = _cells(line)
        if len(cells) < 2:
            return None
        if (columns := _heading(cells)) is not None:
            self.columns = columns
            return ()
        if line.startswith("|") and _RULE.fullmatch(line):
            return ()
        row = _row(cells, columns=self.columns)
        return None if row is None else (_indicator(row, given=line, line=number),)


@dataclass(frozen=True, slots=True)
class _Row:
    purl_type: str
    name: str
    versions: str


def _cells(line: str) -> list[str]:
    if line.startswith("|"):
        return [_bare(cell) for cell in line.strip("|").split("|")]
    separator = "\t" if "\t" in line else "," if "," in line else ";"
    try:
        row = next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error:
        return []
    return [_bare(cell) for cell in row]


def _bare(cell: str) -> str:
    """Return a cell without what spreadsheets and blogs put around it: quotes, backticks, an apostrophe before `=`."""
    return cell.strip().strip('"`').removeprefix("'").strip("'").strip()


def _heading(cells: Sequence[str]) -> Mapping[str, int] | None:
    roles = [_ROLES.get(cell.lower().strip("*_ ")) for cell in cells]
    columns: dict[str, int] = {}
    for place, role in enumerate(roles):
        if role is not None:
            columns.setdefault(role, place)
    return columns if "name" in columns and len(columns) > 1 else None


def _row(cells: Sequence[str], *, columns: Mapping[str, int] | None) -> _Row | None:
    if columns is not None and _fits(cells, columns=columns):
        ecosystem = _ecosystem(_cell(cells, columns.get("ecosystem")))
        return _Row(ecosystem or "", cells[columns["name"]], _versions(cells, columns=columns))
    if len(cells) >= 3 and (purl_type := _ecosystem(cells[0])) and NAME.fullmatch(cells[1].partition(":")[0]):
        return _Row(purl_type, cells[1], cells[2])
    rest = [cell for cell in cells[1:] if cell]
    if not _is_name(cells[0]):
        return None
    if rest and all(is_expression(cell) for cell in rest):
        return _Row("", cells[0], " || ".join(rest))
    return None


def _versions(cells: Sequence[str], *, columns: Mapping[str, int]) -> str:
    """Return a row's versions; cells beyond the heading's last column are more of them (`pkg,1.0,1.1`)."""
    place = columns.get("versions", len(cells))
    more = cells[place + 1 :] if place == max(columns.values()) else []
    return " || ".join(cell for cell in (_cell(cells, place) or "", *more) if cell and is_expression(cell))


def _fits(cells: Sequence[str], *, columns: Mapping[str, int]) -> bool:
    """Say whether a line can be a row of the table above it: its versions stand where its heading says."""
    if columns["name"] >= len(cells) or not _is_name(cells[columns["name"]]):
        return False
    versions = _cell(cells, columns.get("versions"))
    return versions is None or versions == "" or is_expression(versions)


def _is_name(cell: str) -> bool:
    if cell.lower().startswith("pkg:"):
        return True
    match = _PREFIXED.fullmatch(cell)
    name = match["name"] if match is not None and match["type"].lower() in ECOSYSTEMS else cell
    return name_package("", name) is not None


def _cell(cells: Sequence[str], place: int | None) -> str | None:
    if place is None:
        return None
    return cells[place] if place < len(cells) else ""


def _ecosystem(cell: str | None) -> str | None:
    """Return the purl type of a feed's word for an ecosystem; a release behind a colon (`Debian:12`) is left away."""
    return None if cell is None else ECOSYSTEMS.get(cell.lower().partition(":")[0])


def _indicator(row: _Row, *, given: str, line: int) -> Indicator:
    if not row.versions:
        return unreadable(given, line=line, problem="the row lists no version: write * for all versions")
    if row.name.lower().startswith("pkg:"):
        return purl_indicator(row.name, given=given, line=line, expression=row.versions)
    match = _PREFIXED.fullmatch(row.name)
    if match is not None and match["type"].lower() in ECOSYSTEMS:
        return package_indicator(
            ECOSYSTEMS[match["type"].lower()], match["name"], text=row.versions, given=given, line=line
        )
    return package_indicator(row.purl_type, row.name, text=row.versions, given=given, line=line)
