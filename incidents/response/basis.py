"""What an answer says of the target of an action: what the action rests on, and whether it still does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar, cast

from incidents.impact.answer import Status
from incidents.models import ActionKind, ActionState, ContainmentAction, EventKind
from incidents.response.derived import derive
from incidents.response.differences import Known
from incidents.response.said import NOTHING_SAID, said_of_rows, subjects_of_places
from incidents.response.verdicts import status_of
from inventory.policy.models import BlockKind
from inventory.policy.selectors import BadSelectorError, read_selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from incidents.impact.answer import Build, Row
    from incidents.response.derived import Derived
    from incidents.response.gists import Gist
    from incidents.response.said import Said
    from incidents.timeline import Change
    from supplychain.access.audit import JSON

Value = TypeVar("Value")

_FOUND: Final = frozenset({Status.AFFECTED, Status.POSSIBLE})
_PLACE: Final = ("cluster", "namespace", "kind", "name")


@dataclass(frozen=True)
class Answer:
    """A kept answer as far as actions rest on it: which run, its rows, and the indicators as asked."""

    number: int
    hash: str
    rows: Sequence[Row]
    indicators: tuple[Mapping[str, object], ...]
    builds: tuple[Build, ...] = ()
    unlisted_count: int = 0
    """Runs that were exposed, may have been, or of which nobody knows, and that `builds` does not list."""
    gist: Gist | None = None
    """Of a large answer: what is derived of its rows was stored with it."""
    derived: dict[str, object] = field(default_factory=dict, compare=False)
    """What was derived from it alone, by name: once, for it never changes."""

    def once(self, name: str, derive: Callable[[], Value]) -> Value:
        """Return what is derived from the answer alone, or of things that never change: derived the first time."""
        found = self.derived.get(name)
        if found is None:
            found = self.derived[name] = derive()
        return cast("Value", found)

    @property
    def known(self) -> Known:
        """Which rows it has, and what they are."""
        return self.once("known", lambda: Known.of(self.rows) if self.gist is None else self.gist.known)

    @property
    def found(self) -> Mapping[str, int]:
        """The places of what is affected or possible, by digest."""
        return self.once("found", self._found)

    def finds(self, digest: str | None) -> bool:
        """Say whether an artifact is affected or possible; None: any that has no digest."""
        if digest is not None:
            return digest in self.found
        known = self.known
        unnamed = (place for place, key in enumerate(known.keys) if not isinstance(key, str))
        return any(status_of(known.verdicts[place]) in _FOUND for place in unnamed)

    def derive(self) -> Derived:
        """Return what it gives rise to."""
        return self.once(
            "proposed",
            lambda: derive(self.rows, package_of=self.package_of) if self.gist is None else self.gist.read_derived(),
        )

    def said_about(self, kind: ActionKind, target: Mapping[str, object]) -> Said:
        """Return how many rows are a reason for doing this to that, and the first of them."""
        subject = _subject(kind, target)
        if self.gist is None:
            return said_of_rows((place, self.rows[place]) for place in self._index.get(subject, ()))
        if subject[0] == "digest":
            place = self.known.places.get(subject[1])
            return NOTHING_SAID if place is None else said_of_rows([(place, self.rows[place])])
        return self.once("said_about", self.gist.read_said).get(subject, NOTHING_SAID)

    def is_about(self, kind: ActionKind, target: Mapping[str, object]) -> bool:
        """Say whether any row is a reason for doing this to that."""
        return bool(self.said_about(kind, target).artifact_count)

    def subjects_of(self, row: Row) -> Iterator[tuple[str, ...]]:
        """Yield all that a row is a reason for doing something to."""
        yield ("digest", row.artifact.digest or "")
        yield ("repository", row.provenance.repository or "")
        for indicator in {match.indicator for match in row.matches}:
            if subject := self.subject_of(indicator):
                yield subject
        yield from subjects_of_places(row)

    def subject_of(self, indicator: int) -> tuple[str, ...]:
        """Return what an indicator is about; nothing where it names no package."""
        return self._subjects[indicator] if indicator < len(self._subjects) else ()

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

    def _found(self) -> Mapping[str, int]:
        known = self.known
        return {
            key: place
            for place, key in enumerate(known.keys)
            if isinstance(key, str) and status_of(known.verdicts[place]) in _FOUND
        }

    @cached_property
    def _index(self) -> Mapping[tuple[str, ...], Sequence[int]]:
        """Places of rows by what they are about: actions are many, and so are rows."""
        found: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, row in enumerate(self.rows):
            for subject in set(self.subjects_of(row)):
                found[subject].append(place)
        return found


def said_of(kind: ActionKind, target: Mapping[str, object], *, answer: Answer) -> dict[str, JSON]:
    """Return what an answer says of a target, short enough to keep: counts, and the first artifacts."""
    said = answer.said_about(kind, target)
    return {
        "run": answer.number,
        "hash": answer.hash,
        "artifact_count": said.artifact_count,
        "running_artifact_count": said.running_artifact_count,
        "workload_count": said.workload_count,
        "artifacts": [
            {
                "digest": row.artifact.digest,
                "name": row.artifact.names[0] if row.artifact.names else None,
                "status": row.status.value,
                "running": row.running,
            }
            for row in (answer.rows[place] for place in said.places)
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
    for action in actions.order_by("number"):
        if not rests_on_answer(action):
            continue
        is_gone = not _is_still_said(action, answer=answer)
        if is_gone != action.is_basis_withdrawn:
            action.is_basis_withdrawn = is_gone
            _save_flag(change, action, run=answer.number)


def _is_still_said(action: ContainmentAction, *, answer: Answer) -> bool:
    """A service is a reason as long as what ran there is still matched, whether it runs there now or not."""
    if answer.is_about(ActionKind(action.kind), action.target):
        return True
    before = action.evidence_before.get("artifacts", ())
    return "purl" not in action.target and any(answer.finds(one["digest"]) for one in before)


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
