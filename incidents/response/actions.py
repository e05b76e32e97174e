"""What people do about an incident: an action is made, taken from what is proposed, moved, and told each time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.models import Q

from incidents.models import ActionKind, ActionState, ContainmentAction, EventKind, Incident, Stage
from incidents.models.response import IN_FORCE
from incidents.response.answers import newest_answer
from incidents.response.basis import said_of
from incidents.response.binding import keep, put_in_force, revert
from incidents.response.moves import BINDING, check_move
from incidents.response.opening import ClosedError, NarrowViewError
from incidents.response.proposals import propose
from incidents.response.targets import BadTargetError, canonical_target, describe, hash_of
from incidents.timeline import IncidentNotFoundError, StaleVersionError, changing
from supplychain.access.models import Team, User
from supplychain.access.scopes import Scope
from supplychain.errors import DomainError, ErrorDetail

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from incidents.response.basis import Answer
    from incidents.timeline import Change
    from supplychain.access.actors import Actor
    from supplychain.access.audit import JSON


_CHANGEABLE = (
    "title",
    "owner",
    "team",
    "due_at",
    "evidence_after",
    "state",
    "changed_at",
    "done_by",
    "done_at",
    "reopened_by",
    "version",
)
# What the web server's role may update (models/grants.py).


class ActionExistsError(DomainError):
    """The same is done to the same already."""

    def __init__(self, number: int) -> None:
        super().__init__("action_exists", f"Action {number} does this already.", status=409)


class NotYourActionError(DomainError):
    """A team moves its own actions; the rest of an action is for who runs the incident."""

    def __init__(self) -> None:
        super().__init__("not_your_action", "Only who runs the incident may change this of this action.", status=403)


class UnknownActionOwnerError(DomainError):
    """Nobody of that name could do it."""

    def __init__(self, name: str, *, field: str) -> None:
        message = f"There is no active {'user' if field == 'owner' else 'team'} {name}."
        super().__init__("unknown_owner", message, details=[ErrorDetail(f"/{field}", "unknown_owner", message)])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAction:
    """An action to be made. `owner` is a user's name, `team` a slug; one of them at most."""

    kind: ActionKind
    target: Mapping[str, object]
    title: str = ""
    owner: str = ""
    team: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionWanted:
    """What is to change of an action; None leaves it. '' takes the owner, or the team, away."""

    state: ActionState | None = None
    owner: str | None = None
    team: str | None = None
    due_at: datetime | None = None
    title: str | None = None
    note: str = ""

    @property
    def is_move_alone(self) -> bool:
        return self.owner is None and self.team is None and self.due_at is None and self.title is None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of taking proposals: what was made, and how many there were already."""

    actions: tuple[ContainmentAction, ...]
    known_count: int


def actions_for(incident: Incident, *, actor: Actor) -> QuerySet[ContainmentAction]:
    """Return the actions that the actor may see: all of an incident that is theirs, else their own and their teams'."""
    actions = incident.actions.select_related("team", "owner")
    if incident.is_whole_for(actor):
        return actions
    mine = Q(team__in=sorted(actor.team_ids or ()))
    return actions.filter(mine if actor.user_id is None else mine | Q(owner=actor.user_id))


def make_action(public_id: UUID, wanted: NewAction, *, actor: Actor, at: datetime) -> ContainmentAction:
    """Make one action. Raises BadTargetError, ActionExistsError, UnknownActionOwnerError, ClosedError."""
    wanted = replace(wanted, target=canonical_target(wanted.kind, wanted.target))
    with changing(public_id, actor=actor, at=at) as change:
        _check_runs(change)
        known = change.incident.actions.filter(
            target_hash=hash_of(wanted.kind, wanted.target), state__in=[state.value for state in IN_FORCE]
        ).first()
        if known is not None:
            raise ActionExistsError(known.number)
        return add_actions(change, [wanted], answer=newest_answer(change.incident))[0]


def take_proposals(
    public_id: UUID, keys: Collection[str] | None, *, actor: Actor, at: datetime, kind: ActionKind | None = None
) -> Taken:
    """Make actions of what the newest answer proposes: these, or all (None), or all of a kind.

    What is taken already is no fault.
    """
    with changing(public_id, actor=actor, at=at) as change:
        _check_runs(change)
        answer = newest_answer(change.incident)
        proposed = propose(change.incident, answer=answer, asked_at=at, actor=actor)
        wanted = [
            NewAction(kind=one.kind, target=one.target, title=one.title, team=one.team or "", due_at=one.due_at)
            for one in proposed
            if (keys is None or one.key in keys) and kind in {None, one.kind}
        ]
        made = add_actions(change, wanted, answer=answer)
    return Taken(made, 0 if keys is None else len(set(keys)) - len(made))


def add_actions(change: Change, wanted: Sequence[NewAction], *, answer: Answer) -> tuple[ContainmentAction, ...]:
    """Add actions within a change. What binds is in force, and so done, at once."""
    number = change.incident.actions.count()
    teams = {team.slug: team for team in Team.objects.filter(slug__in={one.team for one in wanted})}
    made = [
        _made(change, one, number=number + place, answer=answer, teams=teams)
        for place, one in enumerate(wanted, start=1)
    ]
    put_in_force(change, made)
    ContainmentAction.objects.bulk_create(made)
    for action in made:
        _tell(change, action, what="made", details={"state": action.state})
    return tuple(made)


def change_action(
    public_id: UUID, number: int, wanted: ActionWanted, *, actor: Actor, at: datetime, version: int | None = None
) -> ContainmentAction:
    """Move an action, give it to somebody, or put it off; each is told.

    Raises IncidentNotFoundError, StaleVersionError, NotYourActionError, MoveRefusedError, UnknownActionOwnerError.
    """
    if wanted.state is ActionState.REVERTED:
        return _revert(public_id, number, wanted, actor=actor, at=at, version=version)
    with changing(public_id, actor=actor, at=at) as change:
        found = _found(change.incident, number, wanted, actor=actor, version=version)
        _change(change, found, _Given.of(wanted, change=change))
    return found


def change_actions(
    public_id: UUID, numbers: Collection[int], wanted: ActionWanted, *, actor: Actor, at: datetime
) -> tuple[ContainmentAction, ...]:
    """Change several actions alike: all of them, or none where one is refused. Each is told.

    What binds is lifted one by one, by change_action(). Raises what that raises, and BadTargetError without a number.
    """
    if not numbers:
        raise BadTargetError([ErrorDetail("/number", "required", "Tick the actions that are meant.")])
    with changing(public_id, actor=actor, at=at) as change:
        given = _Given.of(wanted, change=change)
        found = [_found(change.incident, number, wanted, actor=actor, version=None) for number in sorted(set(numbers))]
        for action in found:
            _change(change, action, given)
    return tuple(found)


def keep_in_force(public_id: UUID, number: int, *, actor: Actor, at: datetime) -> ContainmentAction:
    """Refuse the end that was asked for of what binds, or take one's own asking back.

    Raises IncidentNotFoundError, NotYourActionError, MoveRefusedError, LiftRefusedError, PersonNeededError.
    """
    found = _binding(public_id, number, ActionWanted(state=ActionState.REVERTED), actor=actor, version=None)
    keep(found, actor=actor, at=at)
    return actions_for(found.incident, actor=actor).get(number=number)


def _revert(
    public_id: UUID, number: int, wanted: ActionWanted, *, actor: Actor, at: datetime, version: int | None
) -> ContainmentAction:
    """Let what binds end: one person asks, another agrees."""
    found = _binding(public_id, number, wanted, actor=actor, version=version)
    revert(found, note=wanted.note, actor=actor, at=at)
    return actions_for(found.incident, actor=actor).get(number=number)


def _binding(
    public_id: UUID, number: int, wanted: ActionWanted, *, actor: Actor, version: int | None
) -> ContainmentAction:
    """Return an action that binds and that the actor may lift; the incident is not locked."""
    incident = Incident.objects.visible_to(actor).filter(public_id=public_id).first()
    if incident is None:
        raise IncidentNotFoundError
    found = _found(incident, number, wanted, actor=actor, version=version)
    check_move(ActionKind(found.kind), ActionState(found.state), ActionState.REVERTED)
    return found


def _found(
    incident: Incident, number: int, wanted: ActionWanted, *, actor: Actor, version: int | None
) -> ContainmentAction:
    found = actions_for(incident, actor=actor).filter(number=number).first()
    if found is None:
        raise IncidentNotFoundError
    _check_may_change(incident, found, wanted, actor=actor)
    if version is not None and version != found.version:
        raise StaleVersionError(found.version)
    found.incident = incident
    return found


def _check_runs(change: Change) -> None:
    if not change.incident.is_whole_for(change.actor):
        raise NarrowViewError
    if change.incident.stage == Stage.CLOSED:
        raise ClosedError


def _check_may_change(incident: Incident, action: ContainmentAction, wanted: ActionWanted, *, actor: Actor) -> None:
    if actor.can(Scope.INCIDENTS_WRITE) and incident.is_whole_for(actor):
        return
    is_own = action.team_id in actor.write_team_ids or (
        action.owner_id is not None and action.owner_id == actor.user_id
    )
    is_done = wanted.state in {None, ActionState.DONE, ActionState.OPEN}
    if not (is_own and is_done and wanted.is_move_alone) or ActionKind(action.kind) in BINDING:
        raise NotYourActionError


def _made(
    change: Change, wanted: NewAction, *, number: int, answer: Answer, teams: Mapping[str, Team]
) -> ContainmentAction:
    return ContainmentAction(
        incident=change.incident,
        number=number,
        kind=wanted.kind,
        target=dict(wanted.target),
        target_hash=hash_of(wanted.kind, wanted.target),
        title=wanted.title or describe(wanted.kind, wanted.target),
        owner=_user(wanted.owner),
        team=_team(wanted.team, teams=teams),
        due_at=wanted.due_at,
        run_number=answer.number,
        evidence_before=said_of(wanted.kind, wanted.target, answer=answer),
        state=ActionState.OPEN,
        made_by=change.actor.label,
        made_at=change.at,
        changed_at=change.at,
    )


def _user(name: str) -> User | None:
    if not name:
        return None
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise UnknownActionOwnerError(name, field="owner")
    return user


def _team(slug: str, *, teams: Mapping[str, Team]) -> Team | None:
    if slug and slug not in teams:
        raise UnknownActionOwnerError(slug, field="team")
    return teams.get(slug)


@dataclass(frozen=True, slots=True)
class _Given:
    """What is wanted, with what it names: looked up once, however many actions it is done to."""

    wanted: ActionWanted
    owner: User | None
    team: Team | None
    answer: Answer | None
    """The newest, where something is to be done: what it says of the target goes with that."""

    @classmethod
    def of(cls, wanted: ActionWanted, *, change: Change) -> _Given:
        teams = {team.slug: team for team in Team.objects.filter(slug=wanted.team)} if wanted.team else {}
        is_done = wanted.state is ActionState.DONE
        answer = newest_answer(change.incident) if is_done else None
        return cls(wanted, _user(wanted.owner or ""), _team(wanted.team or "", teams=teams), answer)


def _change(change: Change, action: ContainmentAction, given: _Given) -> None:
    wanted = given.wanted
    told: dict[str, JSON] = {}
    _change_owner(action, given, told=told)
    if wanted.title is not None and wanted.title != action.title:
        told["title_before"], action.title = action.title, wanted.title
    if wanted.due_at is not None and wanted.due_at != action.due_at:
        action.due_at = wanted.due_at
        told["due_at"] = wanted.due_at.isoformat()
    if wanted.state is not None and wanted.state != action.state:
        told |= {"before": action.state, "after": wanted.state.value}
        _move(change, action, wanted.state, given=given)
    if wanted.note:
        told["note"] = wanted.note
    if not told:
        return
    action.changed_at = change.at
    action.version += 1
    action.save(update_fields=_CHANGEABLE)
    _tell(change, action, what="changed", details=told)


def _change_owner(action: ContainmentAction, given: _Given, *, told: dict[str, JSON]) -> None:
    """One of them owns it: whom it is given to takes the place of the other."""
    wanted = given.wanted
    if wanted.owner is None and wanted.team is None:
        return
    before = (action.owner_id, action.team_id)
    action.owner, action.team = given.owner, given.team
    if (action.owner_id, action.team_id) != before:
        told["owner"] = wanted.owner or wanted.team or ""


def _move(change: Change, action: ContainmentAction, state: ActionState, *, given: _Given) -> None:
    check_move(ActionKind(action.kind), ActionState(action.state), state)
    if action.state == ActionState.DONE:
        action.reopened_by = change.actor.label
    action.state = state
    if state is ActionState.DONE:
        action.done_at, action.done_by, action.reopened_by = change.at, change.actor.label, ""
        answer = given.answer or newest_answer(change.incident)
        said = said_of(ActionKind(action.kind), action.target, answer=answer)
        action.evidence_after = {**said, "note": given.wanted.note}
    elif state in {ActionState.OPEN, ActionState.WITHDRAWN}:
        action.done_at, action.done_by, action.evidence_after = None, "", None


def _tell(change: Change, action: ContainmentAction, *, what: str, details: Mapping[str, JSON]) -> None:
    team = action.team.slug if action.team is not None else None
    change.tell(
        EventKind.ACTION,
        action.title,
        details={"number": action.number, "kind": action.kind, "change": what, "team": team, **details},
    )
