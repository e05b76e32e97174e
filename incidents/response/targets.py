"""What an action is done to: which members each kind of action has, and one spelling of them. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from incidents.models import ActionKind
from inventory.policy.models import FREEZES, BlockKind
from inventory.policy.selectors import read_selector
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.policy.selectors import Selector

MAX_TEXT: Final = 2_048


@dataclass(frozen=True, slots=True)
class Shape:
    """The members of one form of a target: those that must be there, and those that may."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        return frozenset((*self.required, *self.optional))


_CREDENTIAL = Shape(("credential",), ("repository", "workflow", "environment", "type", "after_action"))
_SERVICE = Shape((), ("service", "cluster", "namespace", "kind", "name", "digest", "repository", "commit"))
_PLAIN: Final[Mapping[ActionKind, Shape]] = {
    ActionKind.ROTATE: _CREDENTIAL,
    ActionKind.REVOKE: _CREDENTIAL,
    ActionKind.REBUILD: _SERVICE,
    ActionKind.REDEPLOY: _SERVICE,
    ActionKind.NOTIFY: Shape((), ("team", "person", "address")),
}
_FORMS: Final = {ActionKind.BLOCK: frozenset(BlockKind) - FREEZES, ActionKind.FREEZE: FREEZES}
MEMBERS: Final = tuple(sorted(frozenset().union(*(shape.known for shape in _PLAIN.values()))))
"""All that a target may have, but for what a block or a freeze names."""


class BadTargetError(DomainError):
    """The target does not say what is to be done."""

    def __init__(self, details: list[ErrorDetail]) -> None:
        super().__init__("bad_action", "The action cannot be made: see `errors`.", details=details)


def canonical_target(kind: ActionKind, target: Mapping[str, object]) -> dict[str, str]:
    """Return a target in the one spelling that equal ones share.

    Raises BadTargetError with every fault, BadSelectorError for what a block cannot name.
    """
    if kind in _FORMS:
        selector = _selector(kind, target)
        return {"kind": selector.kind.value, **{name: value for name, value in selector.shown.items() if value}}
    faults = [fault for name, value in target.items() if (fault := _fault_of_text(name, value)) is not None]
    shape = _PLAIN[kind]
    faults += [
        ErrorDetail(f"/target/{name}", "unknown_field", f"it has {', '.join(sorted(shape.known))}")
        for name in sorted(set(target) - shape.known)
    ]
    faults += [
        ErrorDetail(f"/target/{name}", "required", "must be given") for name in shape.required if not target.get(name)
    ]
    if not any(target.get(name) for name in shape.known):
        faults.append(ErrorDetail("/target", "required", "says nothing"))
    if faults:
        raise BadTargetError(faults)
    return {name: str(value) for name, value in target.items() if value}


def selector_of(target: Mapping[str, object]) -> Selector:
    """Return what the target of a block or a freeze names. Raises BadSelectorError."""
    given = {name: value for name, value in target.items() if name != "kind"}
    return read_selector(BlockKind(str(target["kind"])), given, at="/target")


def hash_of(kind: ActionKind, target: Mapping[str, object]) -> str:
    """Return what two actions share that would do the same to the same."""
    return (
        f"sha256:{hashlib.sha256(_spelled([kind.value, {name: target[name] for name in sorted(target)}])).hexdigest()}"
    )


def _spelled(what: list[object]) -> bytes:
    """Write it as json.dumps does: a long list proposes tens of thousands, nearly all of them in plain letters."""
    quick = msgspec.json.encode(what)
    if quick.isascii() and b"\\" not in quick:
        return quick
    return json.dumps(what, separators=(",", ":")).encode()


def describe(kind: ActionKind, target: Mapping[str, object]) -> str:
    """Return a title for an action that was given none."""
    parts = [str(value) for name, value in target.items() if name not in {"kind", "type"} and value]
    return f"{kind.value.capitalize()} {' '.join(parts)}"[:300]


def _selector(kind: ActionKind, target: Mapping[str, object]) -> Selector:
    known = sorted(one.value for one in _FORMS[kind])
    if target.get("kind") not in known:
        raise BadTargetError([ErrorDetail("/target/kind", "unknown_kind", f"must be one of {', '.join(known)}")])
    return selector_of(target)


def _fault_of_text(name: str, value: object) -> ErrorDetail | None:
    if isinstance(value, str) and len(value) <= MAX_TEXT and "\0" not in value:
        return None
    return ErrorDetail(f"/target/{name[:100]}", "bad_text", f"must be text of at most {MAX_TEXT:,} characters")
