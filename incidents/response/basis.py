"""What an answer says of the target of an action: what the action rests on, and whether it still does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar, cast

from incidents.impact.answer import Status
from incidents.models import ActionKind, ActionState, ContainmentAction, EventKind
from inventory.policy.models import BlockKind
from inventory.policy.selectors import BadSelectorError, read_selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from incidents.impact.answer import Build, Row
    from incidents.timeline import Change
    from supplychain.access.audit import JSON

Derived = TypeVar("Derived")

MAX_ARTIFACTS: Final = 50
_FOUND: Final = frozenset({Status.AFFECTED, Status.POSSIBLE})
_PLACE: Final = ("cluster", "namespace", "kind", "name")


@dataclass(frozen=True)
class Answer:
    """A kept answer as far as actions rest on it: which run, its rows, and the indicators as asked."""

    number: int
    hash: str
    rows: tuple[Row, ...]
    indicators: tuple[Mapping[str, object], ...]
    builds: tuple[Build, ...] = ()
    unlisted_count: int = 0
    """Runs that were exposed, may have been, or of which nobody knows, and that `builds` does not list."""
    derived: dict[str, object] = field(default_factory=dict, compare=False)
    """What was derived from it alone, by name: once, for it never changes."""

    def once(self, name: str, derive: Callable[[], Derived]) -> Derived:
        """Return what is derived from the answer alone, or of things that never change: derived the first time."""
        found = self.derived.get(name)
        if found is None:
            found = self.derived[name] = derive()
        return cast("Derived", found)

    def rows_about(self, kind: ActionKind, target: Mapping[str, object]) -> list[Row]:
        """Return the rows that are a reason for doing this to that, in their order."""
        return [self.rows[place] for place in sorted(self._index.get(_subject(kind, target), ()))]

    def package_of(self, indicator: int) -> Mapping[str, str] | None:
        """Return the package that an indicator asks for, as a block names it; None where it is none."""
        return self._packages[indicator]

    @cached_property
    def _packages(self) -> list[Mapping[str, str] | None]:
        return [_package(asked) for asked in self.indicators]

    @cached_property
    def _subjects(self) -> list[tuple[str, ...]]:
        """What each indicator is about, as rows are looked up by it."""
        return [("package", one["purl"], one.get("range", "")) if one else () for one in self._packages]

    @cached_property
    def _index(self) -> Mapping[tuple[str, ...], set[int]]:
        """Places of rows by what they are about: actions are many, and so are rows."""
        found: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for place, row in enumerate(self.rows):
            for subject in self._subjects_of(row):
                found[subject].add(place)
        return found

    def _subjects_of(self, row: Row) -> Iterator[tuple[str, ...]]:
        yield ("digest", row.artifact.digest or "")
        yield ("repository", row.provenance.repository or "")
        for indicator in {match.indicator for match in row.matches}:
            if indicator < len(self._subjects) and (subject := self._subjects[indicator]):
                yield subject
        for one in row.workloads:
            yield ("service", one.service or "")
            yield ("team", one.team)
            yield ("environment", one.environment)
            yield ("cluster", one.cluster)
            yield ("cluster", one.cluster, one.namespace)
            yield ("workload", one.cluster, one.namespace, one.kind, one.name)


def said_of(kind: ActionKind, target: Mapping[str, object], *, answer: Answer) -> dict[str, JSON]:
    """Return what an answer says of a target, short enough to keep: counts, and the first artifacts."""
    rows = answer.rows_about(kind, target)
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


def rests_on_answer(action: ContainmentAction) -> bool:
    """Tell whether an action was made because an answer named its target; what a person added on their own was not."""
    return bool(action.evidence_before.get("artifact_count"))


def flag_withdrawn(change: Change, answer: Answer) -> None:
    """Mark the actions whose basis the newest answer no longer has, and unmark those that have it again.

    Idempotent. Whoever keeps an answer calls it in the same transaction. An artifact that no longer runs is still
    matched, so an action is marked when what it rests on was retracted, not when it worked.
    """
    actions = change.incident.actions.filter(state__in=[ActionState.OPEN, ActionState.DONE]).select_related("team")
    matched = frozenset(row.artifact.digest for row in answer.rows if row.status in _FOUND)
    for action in actions.order_by("number"):
        if not rests_on_answer(action):
            continue
        is_gone = not _is_still_said(action, matched=matched, answer=answer)
        if is_gone != action.is_basis_withdrawn:
            action.is_basis_withdrawn = is_gone
            _save_flag(change, action, run=answer.number)


def _is_still_said(action: ContainmentAction, *, matched: frozenset[str | None], answer: Answer) -> bool:
    """A service is a reason as long as what ran there is still matched, whether it runs there now or not."""
    if answer.rows_about(ActionKind(action.kind), action.target):
        return True
    before = action.evidence_before.get("artifacts", ())
    return "purl" not in action.target and any(one["digest"] in matched for one in before)


def _save_flag(change: Change, action: ContainmentAction, *, run: int) -> None:
    action.changed_at = change.at
    action.version += 1
    action.save(update_fields=["is_basis_withdrawn", "changed_at", "version"])
    word = "basis_withdrawn" if action.is_basis_withdrawn else "basis_restored"
    team = action.team.slug if action.team else None
    details: dict[str, JSON] = {"number": action.number, "change": word, "run": run, "team": team}
    change.tell(EventKind.ACTION, action.title, details=details)


def _subject(kind: ActionKind, target: Mapping[str, object]) -> tuple[str, ...]:
    """Return what a target is about, as rows are looked up by it."""
    if "purl" in target:
        return ("package", str(target["purl"]), str(target.get("range") or ""))
    if "cluster" in target:
        names = _PLACE[:2] if kind is ActionKind.FREEZE else _PLACE
        parts = [str(target[name]) for name in names if target.get(name)]
        return ("cluster" if kind is ActionKind.FREEZE else "workload", *parts)
    for name in ("digest", "service", "environment", "team", "repository"):
        if target.get(name):
            return (name, str(target[name]))
    if target.get("type") == "unknown":  # credentials of builds that nobody knows
        return ("repository", "")
    return ("nothing",)


def _package(asked: Mapping[str, object]) -> Mapping[str, str] | None:
    if asked.get("kind") != "package" or not asked.get("purl"):
        return None
    names = {"purl": asked["purl"], "range": asked.get("range"), "versions": asked.get("package_versions")}
    try:
        selector = read_selector(BlockKind.PACKAGE, {name: value for name, value in names.items() if value})
    except BadSelectorError:
        return None  # its digests are blocked one by one
    return {name: value for name, value in selector.shown.items() if value}
