"""What is told: one event, whom it is for, and what filters ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from supplychain.ids import uuid7

if TYPE_CHECKING:
    from datetime import datetime

    from supplychain.access.audit import JSON

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event. `path` leads to it on this site; `data` is what a machine needs, and holds no secret.

    `to_organisation` tells the organisation's channels, `team_ids` those of teams: what teams may see differs, so who
    publishes makes a message for each. `environments` are those where what it tells of runs, None where that is not
    known: then no filter keeps it back. `severity` '' is none. A rehearsal is for channels alone that name its kind.
    """

    kind: str
    at: datetime
    title: str
    text: str = ""
    path: str
    subject: str = ""
    severity: str = ""
    data: Mapping[str, JSON] = field(default_factory=dict)
    environments: frozenset[str] | None = None
    is_production: bool | None = None
    to_organisation: bool = False
    team_ids: frozenset[int] = frozenset()
    is_rehearsal: bool = False
    event_id: UUID = field(default_factory=uuid7)
