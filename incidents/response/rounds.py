"""Which rotation stands for what: one that was done stands for nothing that was found, or reached, after it.

An action that was done covers an artifact that an answer before it had found running, since whoever rotated could know
of it, and what a build reached that was over by then: it saw the old secret alone. The rest waits for another action,
which is named by the one that it comes after. Of an unknown build nothing tells when it was over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import Min

from incidents.models import ActionKind, ActionState, IncidentPlace
from incidents.models.response import IN_FORCE
from incidents.response.answers import newest_answer
from incidents.response.credentials import exposed_by
from supplychain.access.models import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from incidents.models import ContainmentAction, Incident
    from incidents.response.basis import Answer
    from incidents.response.credentials import Credential
    from supplychain.access.actors import Actor

FirstFound = dict[str, int]
"""The number of the first answer that found it running, by digest."""


def credentials_of(answer: Answer, *, incident: Incident, actor: Actor) -> tuple[Credential, ...]:
    """Return what was exposed, the surest first, divided by the action that stands for it.

    Six statements at most, however many rows there are.
    """
    found = _in_rounds(exposed_by(answer, actor=actor), incident=incident, answer=answer)
    return tuple(sorted(found, key=lambda one: (one.strength, one.team or "~", one.repository, one.name)))


def credentials_for(incident: Incident, *, actor: Actor) -> tuple[Credential, ...]:
    """Return what the newest answer says was exposed, with the action that each was taken into.

    Who sees a part of an incident sees the credentials of their own teams.
    """
    found = credentials_of(newest_answer(incident), incident=incident, actor=actor)
    if not incident.is_whole_for(actor):
        slugs = set(Team.objects.filter(pk__in=sorted(actor.team_ids or ())).values_list("slug", flat=True))
        found = tuple(one for one in found if one.team in slugs)
    in_force = incident.actions.filter(state__in=[state.value for state in IN_FORCE])
    taken = {action.target_hash: action for action in in_force}
    for one in found:
        if (action := taken.get(one.key)) is not None:
            one.state, one.action = action.state, action.number
    return found


def _in_rounds(found: Iterable[Credential], *, incident: Incident, answer: Answer) -> Iterator[Credential]:
    """Divide those that recovery waits for; the rest is left as it is."""
    kinds = [ActionKind.ROTATE.value, ActionKind.REVOKE.value]
    actions = incident.actions.filter(kind__in=kinds, state=ActionState.DONE.value)
    done = {action.target_hash: action for action in actions}

    def first_found() -> FirstFound:
        return answer.once("first_found", lambda: _first_found(incident, number=answer.number))

    for one in found:
        if one.is_required or one.is_sought:
            yield from _rounds(one, done, first_found)
        else:
            yield one


def _first_found(incident: Incident, *, number: int) -> FirstFound:
    places = IncidentPlace.objects.filter(service__incident=incident, run_number__lte=number)
    return dict(places.values_list("digest").annotate(Min("run_number")))


def _rounds(
    one: Credential, done: Mapping[str, ContainmentAction], first_found: Callable[[], FirstFound]
) -> Iterator[Credential]:
    """Follow the actions, each after the one before it: an action has one name, so none comes twice."""
    while (action := done.get(one.key)) is not None:
        covered, rest = _divide(one, action, first_found())
        if covered is not None:
            yield covered
        if rest is None:
            return
        one = replace(rest, after_action=action.number)
    yield one


def _divide(
    one: Credential, action: ContainmentAction, first_found: FirstFound
) -> tuple[Credential | None, Credential | None]:
    """Return what the action stands for, and what it does not; None for nothing."""
    # What is done says which answer was the newest then.
    known = int((action.evidence_after or {}).get("run", 0))

    def is_known(digest: str) -> bool:
        # What never ran concerns no service; it is found anew when it does.
        return first_found.get(digest, 0) <= known

    late = {
        (digest, run): over_at
        for (digest, run), over_at in one.reached.items()
        if not (is_known(digest) if digest else over_at is None) and not _is_over(over_at, action)
    }
    told = {digest for digest, _ in one.reached}
    late_digests = {digest for digest in one.digests - told if not is_known(digest)} | {
        digest for digest, _ in late if digest
    }
    if not late and not late_digests:
        return one, None
    early = {key: over_at for key, over_at in one.reached.items() if key not in late}
    early_digests = {digest for digest in one.digests - told if is_known(digest)} | {
        digest for digest, _ in early if digest
    }
    rest = _part(one, late, late_digests)
    return (_part(one, early, early_digests) if early or early_digests else None), rest


def _is_over(over_at: datetime | None, action: ContainmentAction) -> bool:
    return over_at is not None and action.done_at is not None and over_at <= action.done_at


def _part(one: Credential, reached: dict[tuple[str, str], datetime | None], digests: set[str]) -> Credential:
    return replace(one, reached=reached, digests=digests, runs={run for _, run in reached if run})
