"""See what became searchable, and mark which questions it can touch. One worker at a time; nothing is asked here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from incidents.live.subject import digests_of, meaning, newest_run
from incidents.models import FollowedEvidence, Incident, LiveQuestion
from inventory.graph.applied import (
    MOST_DOCUMENTS,
    hashes_within,
    names_within,
    newest_sequence,
    read_applied,
    read_marks,
    what_ran,
)
from inventory.models import EvidenceKind
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        marks = read_marks()
        if applied or marks != place.marks:
            _mark(applied, runs_changed=marks != place.marks, at=at)
        _move(place, applied, at=at)
        place.marks = marks
        place.save(update_fields=["sequence", "missing", "marks"])
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
    """Give every open incident its row, and take those of closed ones away. A new one is asked soon."""
    LiveQuestion.objects.filter(incident__closed_at__isnull=False).delete()
    unknown = Incident.objects.filter(closed_at__isnull=True, live__isnull=True)
    LiveQuestion.objects.bulk_create(
        [LiveQuestion(incident=one, unsettled_at=at) for one in unknown], ignore_conflicts=True
    )


def _move(place: FollowedEvidence, applied: Sequence[AppliedDocument], *, at: datetime) -> None:
    """Remember how far it was looked, and which numbers below that were not there."""
    seen = {one.sequence for one in applied}
    newest = max(seen, default=place.sequence)
    missing = {
        number: since
        for number, since in place.missing.items()
        if int(number) not in seen and datetime.fromisoformat(since) > at - MISSING_FOR
    }
    skipped = (number for number in range(place.sequence + 1, newest) if number not in seen)
    for number, _ in zip(skipped, range(MOST_MISSING), strict=False):
        missing[str(number)] = at.isoformat()
    place.sequence, place.missing = max(place.sequence, newest), missing


def _mark(applied: Sequence[AppliedDocument], *, runs_changed: bool, at: datetime) -> None:
    """Mark the questions that these documents touch, and those whose rows run otherwise than before.

    A mark is the moment: whoever asks takes away the one that he saw, and none that came while he asked.
    """
    questions = list(LiveQuestion.objects.select_related("incident").order_by("pk"))
    said = [one for one in applied if one.kind not in {EvidenceKind.DEPLOYMENT, EvidenceKind.SNAPSHOT}]
    for question in questions:
        try:
            is_touched = _is_touched(question, applied=said, runs_changed=runs_changed)
        except DomainError:  # it names too much, or its answer is damaged: whoever asks it tells why
            is_touched = True
        if is_touched:
            question.touched_at = at
        if said or runs_changed:
            question.unsettled_at = at
    LiveQuestion.objects.bulk_update(questions, ["touched_at", "unsettled_at", "ran"])


def _is_touched(question: LiveQuestion, *, applied: Sequence[AppliedDocument], runs_changed: bool) -> bool:
    incident = question.incident
    run = None if incident is None else newest_run(incident)
    if incident is None or run is None:
        return True
    interests = meaning(incident.question, team_id=incident.team_id).interests
    found = digests_of(run)
    if runs_changed:
        ran = what_ran(found | interests.digests, images=interests.images)
        if ran != question.ran:
            question.ran = ran
            return True
    if any(interests.is_touched_by(one, found=found) for one in applied):
        return True
    evidence = [one.evidence_id for one in applied]
    return bool(names_within(evidence, names=interests.names) or hashes_within(evidence, hashes=interests.hashes))
