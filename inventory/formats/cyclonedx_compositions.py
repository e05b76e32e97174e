"""How complete a CycloneDX document says that it is (`compositions`): as a whole, and what it lists of each part.

Source: ECMA-424, "Compositions". An incomplete part makes the document incomplete: what is missing there may be what is
asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from inventory.formats.records import Completeness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.formats.defects import Defects

_COMPLETENESS: Final = {"complete": Completeness.COMPLETE, "not_specified": None}
_PARTS: Final = ("assemblies", "dependencies")


def read_completeness(value: object, *, root_ref: str, defects: Defects) -> Completeness:
    """Say how complete the document is, and warn of each part of which it says that it is not.

    Incomplete outweighs unknown, unknown outweighs complete; complete must be said of the subject or of the whole.
    """
    stated = set()
    for index, composition in enumerate(value if isinstance(value, list) else ()):
        aggregate = composition.get("aggregate") if isinstance(composition, dict) else None
        if not isinstance(aggregate, str) or _is_about_vulnerabilities(composition):
            continue
        said = _meaning(aggregate)
        is_subject = _is_about_subject(composition, root_ref)
        if said is Completeness.INCOMPLETE and not is_subject:
            message = f"What it lists of {', '.join(_refs(composition)[:3])[:200]} is {aggregate[:60]}."
            defects.add("incomplete_part", f"/compositions/{index}/aggregate", message)
        if said is not None and (is_subject or said is not Completeness.COMPLETE):
            stated.add(said)
    for outweighs in (Completeness.INCOMPLETE, Completeness.UNKNOWN, Completeness.COMPLETE):
        if outweighs in stated:
            return outweighs
    return Completeness.UNKNOWN


def _meaning(aggregate: str) -> Completeness | None:
    """Return what a word means; None says nothing, like no composition."""
    unknown = Completeness.INCOMPLETE if aggregate.startswith("incomplete") else Completeness.UNKNOWN
    return _COMPLETENESS.get(aggregate, unknown)


def _refs(composition: Mapping[str, Any]) -> list[str]:
    groups = (composition.get(name) for name in _PARTS)
    return [str(ref) for group in groups if isinstance(group, list) for ref in group]


def _is_about_vulnerabilities(composition: Mapping[str, Any]) -> bool:
    return bool(composition.get("vulnerabilities")) and not _refs(composition)


def _is_about_subject(composition: Mapping[str, Any], root_ref: str) -> bool:
    """A composition that names nothing is about the whole document."""
    named = _refs(composition)
    return not named or (bool(root_ref) and root_ref in named)
