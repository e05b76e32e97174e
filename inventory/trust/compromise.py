"""Step 15: whoever signed was not in an attacker's hands then, as far as anybody declared.

It looks for too much rather than too little: names without regard to case, with and without their ref, whatever the
certificate or the payload calls them, and a signature without a proven time at any time.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.identity.repositories import canonical_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from inventory.trust.facts import Proven, Stated


class CompromiseKind(enum.StrEnum):
    """What was in an attacker's hands."""

    IDENTITY = "identity"
    KEY = "key"
    BUILDER = "builder"
    REPOSITORY = "repository"
    WORKFLOW = "workflow"


@dataclass(frozen=True, slots=True)
class CompromiseWindow:
    """What was compromised, from when up to but not when. `until` None: still is. '' as issuer: any."""

    id: int
    kind: CompromiseKind
    value: str
    since: datetime
    until: datetime | None = None
    issuer: str = ""


def find_compromise(proven: Proven, stated: Stated, *, windows: Iterable[CompromiseWindow]) -> CompromiseWindow | None:
    """Return the first window that a signature falls into."""
    return next((window for window in windows if _is_hit(window, proven, stated)), None)


def _is_hit(window: CompromiseWindow, proven: Proven, stated: Stated) -> bool:
    if window.issuer and proven.issuer and window.issuer != proven.issuer:
        return False
    if not _is_within(window, proven.signed_at):
        return False
    value = canonical_repository(window.value) if window.kind is CompromiseKind.REPOSITORY else None
    return _plain(value or window.value) in {_plain(name) for name in _NAMES[window.kind](proven, stated) if name}


def _is_within(window: CompromiseWindow, at: datetime | None) -> bool:
    return at is None or (window.since <= at and (window.until is None or at < window.until))


def _identities(proven: Proven, _stated: Stated) -> list[str]:
    return _with_and_without_ref(proven.identity)


def _keys(proven: Proven, _stated: Stated) -> list[str]:
    return [proven.key_fingerprint]


def _builders(proven: Proven, stated: Stated) -> list[str]:
    named = [proven.builder_id, stated.builder_id, proven.identity]
    return [name for one in named for name in _with_and_without_ref(one)]


def _repositories(proven: Proven, stated: Stated) -> list[str]:
    return [canonical_repository(name) or name for name in (proven.repository, stated.repository)]


def _workflows(proven: Proven, stated: Stated) -> list[str]:
    paths = [
        f"{repository}/{path}"
        for repository in _repositories(proven, stated)
        for path in (proven.workflow, stated.workflow)
        if repository and path
    ]
    return paths + _builders(proven, stated)


_NAMES: Final[Mapping[CompromiseKind, Callable[[Proven, Stated], list[str]]]] = {
    CompromiseKind.IDENTITY: _identities,
    CompromiseKind.KEY: _keys,
    CompromiseKind.BUILDER: _builders,
    CompromiseKind.REPOSITORY: _repositories,
    CompromiseKind.WORKFLOW: _workflows,
}


def _with_and_without_ref(name: str) -> list[str]:
    return [name, name.rpartition("@")[0]] if "@refs/" in name else [name]


def _plain(name: str) -> str:
    """Return a name without scheme and case."""
    return (name.partition("://")[2] or name).lower()
