"""Actions in groups: by who does them, by what is to be done, or by the service it is done to."""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from incidents.models import ContainmentAction
    from incidents.views.lines import Line


class Grouping(enum.StrEnum):
    """By what the open actions are put together."""

    OWNER = "owner"
    KIND = "kind"
    SERVICE = "service"


NOBODY = "Nobody has taken these"
NO_SERVICE = "Not about one service"
_KINDS = tuple(ActionKind)
_WORDS = {
    ActionKind.BLOCK: "Block",
    ActionKind.FREEZE: "Freeze",
    ActionKind.ROTATE: "Rotate credentials",
    ActionKind.REVOKE: "Revoke access",
    ActionKind.REBUILD: "Rebuild",
    ActionKind.REDEPLOY: "Redeploy",
    ActionKind.NOTIFY: "Tell people",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Some open actions. `numbers` is what ticks all that the reader may move; `is_nobodys`: they wait for a taker."""

    title: str
    lines: Sequence[Line]
    is_nobodys: bool

    @property
    def movable(self) -> list[int]:
        return [line.action.number for line in self.lines if line.moves]

    @property
    def numbers(self) -> str:
        return " ".join(map(str, self.movable))


def kind_words(kind: str) -> str:
    return _WORDS[ActionKind(kind)]


def grouped(lines: Iterable[Line], *, by: Grouping) -> list[Group]:
    """Return the groups in the order of their names; what belongs to nobody, or to no service, first."""
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        found[_key(line.action, by)].append(line)
    names = sorted(found, key=lambda key: (bool(key), _rank(key, by), key))
    return [Group(_title(key, by), found[key], is_nobodys=by is Grouping.OWNER and not key) for key in names]


def _key(action: ContainmentAction, by: Grouping) -> str:
    if by is Grouping.KIND:
        return action.kind
    if by is Grouping.SERVICE:
        return str(action.target.get("service") or action.target.get("name") or "")
    return action.team.slug if action.team else action.owner.username if action.owner else ""


def _rank(key: str, by: Grouping) -> int:
    return _KINDS.index(ActionKind(key)) if by is Grouping.KIND else 0


def _title(key: str, by: Grouping) -> str:
    if by is Grouping.KIND:
        return kind_words(key)
    return key or (NOBODY if by is Grouping.OWNER else NO_SERVICE)
