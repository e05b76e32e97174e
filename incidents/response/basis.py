"""What an answer says of the target of an action: what the action rests on, and whether it still does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from incidents.impact.answer import Status
from incidents.models import ActionKind, ActionState, ContainmentAction, EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from incidents.impact.answer import Row
    from incidents.timeline import Change
    from supplychain.access.audit import JSON

MAX_ARTIFACTS: Final = 50
_PLACE: Final = ("cluster", "namespace", "kind", "name")


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept answer as far as actions rest on it: which run, and its rows."""

    number: int
    hash: str
    rows: tuple[Row, ...]
    indicators: tuple[Mapping[str, object], ...]


def said_of(kind: ActionKind, target: Mapping[str, object], *, answer: Answer) -> dict[str, JSON]:
    """Return what an answer says of a target, short enough to keep: counts, and the first artifacts."""
    rows = [row for row in answer.rows if is_about(kind, target, row=row, indicators=answer.indicators)]
    return {
        "run": answer.number,
        "hash": answer.hash,
        "artifact_count": len(rows),
        "running_artifact_count": sum(row.running for row in rows),
        "workload_count": len({tuple(getattr(one, name) for name in _PLACE) for row in rows for one in row.workloads}),
        "artifacts": [
            {
                "digest": row.artifact.digest,
                "name": row.artifact.names[0] if row.artifact.names else None,
                "status": row.status.value,
                "running": row.running,
            }
            for row in rows[:MAX_ARTIFACTS]
        ],
    }


def is_about(
    kind: ActionKind, target: Mapping[str, object], *, row: Row, indicators: Sequence[Mapping[str, object]]
) -> bool:
    """Tell whether a row is a reason for doing this to that."""
    if "purl" in target:
        found = {number for number, asked in enumerate(indicators) if is_asked(target, asked)}
        return any(match.indicator in found for match in row.matches)
    if "digest" in target:
        return row.artifact.digest == target["digest"]
    if "service" in target:
        return any(one.service == target["service"] for one in row.workloads)
    if "cluster" in target:
        place = _PLACE[:2] if kind is ActionKind.FREEZE else _PLACE
        return any(all(getattr(one, name) == target[name] for name in place if name in target) for one in row.workloads)
    if "environment" in target and kind is ActionKind.FREEZE:
        return any(one.environment == target["environment"] for one in row.workloads)
    if "team" in target:
        return any(one.team == target["team"] for one in row.workloads)
    if "repository" in target:
        return row.provenance.repository == target["repository"]
    return False


def is_asked(target: Mapping[str, object], asked: Mapping[str, object]) -> bool:
    """Tell whether an indicator is the package that a target names."""
    package = package_of(asked)
    return package is not None and package == {name: target[name] for name in ("purl", "range") if target.get(name)}


def package_of(asked: Mapping[str, object]) -> dict[str, str] | None:
    """Return the package of an indicator as a target names it: versions that were listed are a range too.

    None where it is none, or one of any ecosystem.
    """
    purl, versions = asked.get("purl"), asked.get("package_versions")
    if asked.get("kind") != "package" or not isinstance(purl, str):
        return None
    if asked.get("range"):
        return {"purl": purl, "range": str(asked["range"])}
    if not isinstance(versions, list) or not versions:
        return {"purl": purl}
    spelled = "|".join(quote(version, safe=".-_~") for version in sorted(versions))
    return {"purl": purl, "range": f"vers:{purl.removeprefix('pkg:').partition('/')[0]}/{spelled}"}


def rests_on_answer(action: ContainmentAction) -> bool:
    """Tell whether an action was made because an answer named its target; what a person added on their own was not."""
    return bool(action.evidence_before.get("artifact_count"))


def flag_withdrawn(change: Change, answer: Answer) -> None:
    """Mark the actions whose basis the newest answer no longer has, and unmark those that have it again.

    Idempotent. Whoever keeps an answer calls it in the same transaction. An artifact that no longer runs is still
    matched, so an action is marked when what it rests on was retracted, not when it worked.
    """
    actions = change.incident.actions.filter(state__in=[ActionState.OPEN, ActionState.DONE]).select_related("team")
    for action in actions.order_by("number"):
        if not rests_on_answer(action):
            continue
        is_gone = not _is_still_said(action, answer=answer)
        if is_gone != action.is_basis_withdrawn:
            action.is_basis_withdrawn = is_gone
            _save_flag(change, action, run=answer.number)


def _is_still_said(action: ContainmentAction, *, answer: Answer) -> bool:
    """A service is a reason as long as what ran there is still matched, whether it runs there now or not."""
    kind = ActionKind(action.kind)
    if any(is_about(kind, action.target, row=row, indicators=answer.indicators) for row in answer.rows):
        return True
    matched = {row.artifact.digest for row in answer.rows if row.status in {Status.AFFECTED, Status.POSSIBLE}}
    before = action.evidence_before
    return "purl" not in action.target and any(one["digest"] in matched for one in before.get("artifacts", ()))


def _save_flag(change: Change, action: ContainmentAction, *, run: int) -> None:
    action.changed_at = change.at
    action.version += 1
    action.save(update_fields=["is_basis_withdrawn", "changed_at", "version"])
    word = "basis_withdrawn" if action.is_basis_withdrawn else "basis_restored"
    team = action.team.slug if action.team else None
    details: dict[str, JSON] = {"number": action.number, "change": word, "run": run, "team": team}
    change.tell(EventKind.ACTION, action.title, details=details)
