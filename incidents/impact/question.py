"""A question about impact, as understood: what is asked for, when, and where."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from incidents.impact.answer import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from incidents.impact.answer import Feed
    from inventory.identity.indicators import Indicator

_CANONICAL = msgspec.json.Encoder(order="sorted")
"""Writes what `json` would, ten times as fast; it refuses half of a character, which a question may hold."""
DEFAULT_LIMIT = 100
LISTED_BUILDS = 500
DEFAULT_STATUSES = (Status.AFFECTED, Status.POSSIBLE)


@dataclass(frozen=True)
class Question:
    """`at` or a half-open window, or neither: what runs now.

    Empty scopes do not narrow. `cursor` continues an answer.
    """

    indicators: tuple[Indicator, ...]
    at: datetime | None = None
    window_from: datetime | None = None
    window_to: datetime | None = None
    environments: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = DEFAULT_STATUSES
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    build_limit: int = LISTED_BUILDS
    """How many runs of builds are listed; all of them count."""
    feeds: tuple[Feed, ...] = ()
    """The advisories and lists that it was made from, once they are looked up."""

    @property
    def is_now(self) -> bool:
        return self.at is None and self.window_from is None and self.window_to is None

    @property
    def is_scoped(self) -> bool:
        return bool(self.environments or self.clusters)

    @cached_property
    def as_asked(self) -> tuple[Mapping[str, object], ...]:
        """The indicators as an answer shows them."""
        return tuple(indicator.as_asked() for indicator in self.indicators)

    def canonical(self) -> bytes:
        """Return the question in one spelling, without how it is paged: what its hash is taken over."""
        parts = {
            "indicators": self.as_asked,
            "at": _text(self.at),
            "from": _text(self.window_from),
            "to": _text(self.window_to),
            "environments": sorted(self.environments),
            "clusters": sorted(self.clusters),
            "teams": sorted(self.teams),
            "statuses": sorted(self.statuses),
        }
        try:
            return _CANONICAL.encode(parts)
        except UnicodeEncodeError:
            spelled = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            return spelled.encode(errors="surrogatepass")

    @cached_property
    def hash(self) -> str:
        return f"sha256:{hashlib.sha256(self.canonical()).hexdigest()}"


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
