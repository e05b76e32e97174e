"""The rows of a kept answer that somebody wants to look at: by class and by where they run, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from incidents.impact.answer import Status
from incidents.response.kept_rows import KeptRows
from supplychain.api.parameters import read_choice, read_number, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest

    from incidents.impact.answer import Row, WorkloadShown
    from incidents.response.gists import Spot

PAGE_ROWS = 10
NO_SERVICE = "(none)"
"""Stands for the workloads of no service."""
_PLACES = ("cluster", "namespace", "service", "team")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is wanted of the rows; '' is everything. `page` counts from 1."""

    status: str = ""
    cluster: str = ""
    namespace: str = ""
    service: str = ""
    team: str = ""
    page: int = 1

    @property
    def is_anything(self) -> bool:
        return self != replace(Narrowed(), page=self.page)

    @property
    def query(self) -> str:
        """Return it as an address asks for it, without what is left out."""
        pairs = [(one.name, getattr(self, one.name)) for one in fields(self) if one.name != "page"]
        number = [("page", str(self.page))] if self.page > 1 else []
        return urlencode([(name, value) for name, value in pairs if value] + number)

    def at(self, page: int) -> Narrowed:
        return replace(self, page=page)

    def places(self, rows: Sequence[Row]) -> Sequence[int]:
        """Return the places of the rows that fit; what runs nowhere fits no place."""
        if not self.is_anything:
            return range(len(rows))
        if isinstance(rows, KeptRows):
            status = Status(self.status) if self.status else None
            return rows.where(status=status, fits=self._fits if self._is_placed else None)
        found = ((place, row) for place, row in enumerate(rows) if not self.status or row.status == self.status)
        return [place for place, row in found if not self._is_placed or any(map(self._fits, row.workloads))]

    def fitted(self, row: Row) -> Row:
        """Return a row with the containers that fit."""
        if not self._is_placed:
            return row
        return msgspec.structs.replace(row, workloads=tuple(one for one in row.workloads if self._fits(one)))

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows that fit, each with the containers that fit."""
        return [self.fitted(rows[place]) for place in self.places(rows)]

    @property
    def _is_placed(self) -> bool:
        return any(getattr(self, name) for name in _PLACES)

    def _fits(self, one: WorkloadShown | Spot) -> bool:
        return all(not (wanted := getattr(self, name)) or wanted == _value(one, name) for name in _PLACES)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to narrow by, and what there is of it."""

    name: str
    label: str
    values: Sequence[str]
    chosen: str


def read_narrowed(request: HttpRequest) -> Narrowed:
    """Read it out of an address. Raises BadParameterError."""
    places = {name: read_text(request, name) or "" for name in _PLACES}
    status = read_choice(request, "status", allowed=[one.value for one in Status]) or ""
    return Narrowed(status=status, **places, page=max(1, read_number(request, "page", default=1)))


def values_of(rows: Sequence[Row]) -> Mapping[str, Sequence[str]]:
    """Return what there is of each thing that rows can be narrowed by."""
    if isinstance(rows, KeptRows):
        where: Sequence[WorkloadShown | Spot] = rows.spots
        classes = rows.statuses
    else:
        where = [one for row in rows for one in row.workloads]
        classes = {row.status for row in rows}
    found = {"status": [one.value for one in Status if one in classes]}
    for name in _PLACES:
        values = {_value(one, name) for one in where}
        found[name] = sorted(values, key=lambda value: (value == NO_SERVICE, value))
    return found


def choices(values: Mapping[str, Sequence[str]], *, wanted: Narrowed) -> list[Choice]:
    """Return what the rows can be narrowed by: only what there is, so that no choice leads to nothing by itself."""
    labels = {"status": "Class"}
    return [
        Choice(name, labels.get(name, name.capitalize()), found, getattr(wanted, name))
        for name, found in values.items()
    ]


def _value(one: WorkloadShown | Spot, name: str) -> str:
    return str(getattr(one, name) or NO_SERVICE)
