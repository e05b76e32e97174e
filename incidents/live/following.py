"""See what became searchable, and mark which questions it can touch. One worker at a time; nothing is asked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from incidents.live.subject import asked_by, digests_found, meaning
from incidents.models import FollowedEvidence, Incident, LiveQuestion, Watch
from inventory.graph.advisories import newest_sighting
from inventory.graph.applied import (
    MOST_DOCUMENTS,
    bases_named,
    hashes_within,
    names_within,
    newest_sequence,
    newest_verdict,
    read_applied,
    read_run_marks,
    what_ran,
)
from inventory.models import EvidenceKind
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.live.interests import Interests
    from inventory.graph.applied import AppliedDocument

MISSING_FOR = timedelta(minutes=15)
"""A number that has not come by then never will: a document has five minutes."""
MOST_MISSING = 1_000


def follow(at: datetime) -> bool:
    """Look at what was applied since, and mark what it touches; True when more waits.

    False also while another worker looks.
    """
    with transaction.atomic():
        place = _place(at)
        if place is None:
            return False
        _keep_questions(at)
        applied = read_applied(place.sequence, missing=[int(number) for number in place.missing])
        marks, verdict = read_run_marks(), newest_verdict()
        changed = _Changed(applied, runs=marks != place.marks, verdicts=verdict != place.verdict)
        if changed.anything:
            _mark(changed, at=at)
        _move(place, applied, at=at)
        place.marks, place.verdict = marks, verdict
        place.save(update_fields=["sequence", "missing", "marks", "verdict"])
    return len(applied) >= MOST_DOCUMENTS


def _place(at: datetime) -> FollowedEvidence | None:
    """Return the row, locked; None while another worker has it. The first to come begins with what comes next."""
    if not FollowedEvidence.objects.exists():
        first = FollowedEvidence(sequence=newest_sequence(), rests_until=at)
        FollowedEvidence.objects.bulk_create([first], ignore_conflicts=True)
    place = FollowedEvidence.objects.select_for_update(skip_locked=True, no_key=True).first()
    if place is not None and place.sequence > newest_sequence():  # a restored database counts from where it was
        place.sequence, place.missing = 0, {}
    return place


def _keep_questions(at: datetime) -> None:
    """Give every open incident and watch its row, and take those of others away. A new one is asked soon."""
    over = Q(incident__closed_at__isnull=False) | Q(watch__ended_at__isnull=False) | Q(watch__is_paused=True)
    LiveQuestion.objects.filter(over).delete()
    incidents = Incident.objects.filter(closed_at__isnull=True, live__isnull=True)
    watches = Watch.objects.filter(ended_at__isnull=True, is_paused=False, live__isnull=True)
    new = [LiveQuestion(incident=one, unsettled_at=at) for one in incidents]
    new += [LiveQuestion(watch=one, unsettled_at=at) for one in watches]
    LiveQuestion.objects.bulk_create(new, ignore_conflicts=True)


def _move(place: FollowedEvidence, applied: Sequence[AppliedDocument], *, at: datetime) -> None:
    """Remember how far it was looked, and which numbers below that were not there."""
    seen = {one.sequence for one in applied}
    newest = max(seen, default=place.sequence)
    missing = {
        number: since
        for number, since in place.missing.items()
        if int(number) not in seen and datetime.fromisoformat(since) > at - MISSING_FOR
    }
    oldest = max(place.sequence + 1, newest - MOST_MISSING - len(seen))
    skipped = [number for number in range(oldest, newest) if number not in seen]
    missing |= {str(number): at.isoformat() for number in skipped[-MOST_MISSING:]}
    place.sequence, place.missing = max(place.sequence, newest), missing


@dataclass(frozen=True, slots=True)
class _Changed:
    """What is other than at the last look."""

    applied: Sequence[AppliedDocument]
    runs: bool
    verdicts: bool

    @property
    def anything(self) -> bool:
        return bool(self.applied) or self.runs or self.verdicts


@dataclass(frozen=True, slots=True)
class _Look:
    """What became searchable, as far as questions can be touched by it: asked of the database once for all of them."""

    said: Sequence[AppliedDocument]
    """All but reports of what runs."""
    changed: _Changed
    names: frozenset[str]
    hashes: frozenset[str]
    bases: frozenset[str]
    """Images that something was built on, as these documents say."""

    def touches(self, question: LiveQuestion, interests: Interests) -> bool:
        if self.changed.verdicts and interests.is_open:
            return True
        found = digests_found(question)
        if self.changed.runs:
            ran = what_ran(found | interests.digests, images=interests.images)
            if ran != question.ran:
                question.ran = ran
                return True
        if not (self.names.isdisjoint(interests.names) and self.hashes.isdisjoint(interests.hashes)):
            return True
        if not self.bases.isdisjoint(found | interests.digests):
            return True
        return any(interests.is_touched_by(one, found=found) for one in self.said)


def _mark(changed: _Changed, *, at: datetime) -> None:
    """Mark the questions that these documents touch, and those whose rows run otherwise than before.

    A mark is the moment: whoever asks takes away the one that he saw, and none that came while he asked.
    """
    questions = list(LiveQuestion.objects.select_related("incident", "watch").order_by("pk"))
    said = [one for one in changed.applied if one.kind not in {EvidenceKind.DEPLOYMENT, EvidenceKind.SNAPSHOT}]
    sighting = newest_sighting()
    interests = {question.pk: _interests(question, sighting=sighting) for question in questions}
    look = _look(said, wanted=[one for one in interests.values() if one is not None], changed=changed)
    for question in questions:
        if _is_touched(question, interests[question.pk], look=look):
            question.touched_at = at
        if said or changed.runs or changed.verdicts:
            question.unsettled_at = at
    LiveQuestion.objects.bulk_update(questions, ["touched_at", "unsettled_at", "ran"])


def _is_touched(question: LiveQuestion, interests: Interests | None, *, look: _Look) -> bool:
    """Say whether to ask it; also where that cannot be told, since whoever asks tells why."""
    try:
        return interests is None or look.touches(question, interests)
    except DomainError:  # what is stored of its answer is damaged
        return True


def _interests(question: LiveQuestion, *, sighting: int) -> Interests | None:
    """Return what a question looks for; None where it names too much."""
    asked = asked_by(question)
    try:
        return meaning(asked.given, team_id=asked.team_id, sighting=sighting).interests
    except DomainError:
        return None


def _look(said: Sequence[AppliedDocument], *, wanted: Sequence[Interests], changed: _Changed) -> _Look:
    evidence = [one.evidence_id for one in said]
    names = frozenset[str]().union(*(one.names for one in wanted))
    hashes = frozenset[str]().union(*(one.hashes for one in wanted))
    return _Look(
        said,
        changed,
        names_within(evidence, names=names),
        hashes_within(evidence, hashes=hashes),
        bases_named(evidence),
    )
