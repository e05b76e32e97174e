"""The decision at a gate: one function behind pipeline and admission, whoever asks and in whatever envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from inventory.policy.learning import Question, learn
from inventory.policy.models import Mode
from inventory.policy.rules import is_allowed, not_blocked, not_frozen, outcome_of
from inventory.policy.storing import Kept, keep
from inventory.policy.verdicts import Verdict
from inventory.policy.versions import cleared
from supplychain.database import urgent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from inventory.policy.asked import Asked, Subject
    from inventory.policy.facts import Facts, SubjectFacts
    from inventory.policy.hits import Hit
    from supplychain.access.actors import Actor

MAX_SUBJECTS = 500


def decide(asked: Asked, *, actor: Actor, at: datetime) -> tuple[Verdict, ...]:
    """Decide about each subject, in their order, and store the decisions: who is answered has them kept.

    Three statements. Everybody's evidence counts against a subject, the actor's own alone for it. Raises
    DatabaseAwayError.
    """
    verdicts = judge(asked, actor=actor, at=at)
    if verdicts:
        keep(Kept(asked, verdicts, actor, at))
    return verdicts


def judge(asked: Asked, *, actor: Actor, at: datetime) -> tuple[Verdict, ...]:
    """Decide and store nothing, as `learn` tells.

    Once a minute, and where a block of a package is new, a web process asks one statement more (versions.py).
    """
    if not asked.subjects:
        return ()
    learnt = learn(Question(asked, actor, at))
    if settings.PROCESS == "web":  # who decides again and again
        cleared.follow(learnt.facts.packages, at=at, ask=urgent.ask)
    mode = Mode(settings.GATE_MODE)
    return tuple(
        _verdict(subject, known, facts=learnt.facts, hits=learnt.hits, mode=mode, at=at)
        for subject, known in zip(asked.subjects, learnt.facts.subjects, strict=True)
    )


def _verdict(
    subject: Subject,
    known: SubjectFacts,
    *,
    facts: Facts,
    hits: Mapping[str, tuple[Hit, ...]],
    mode: Mode,
    at: datetime,
) -> Verdict:
    found = _distinct([hit for digest in _digests(subject, known) or ("",) for hit in hits[digest]])
    blocking = [hit for hit in found if not hit.is_freeze]
    freezing = [hit for hit in found if hit.is_freeze and str(hit.block) not in known.ran]
    rules = (
        not_blocked(subject, known, hits=blocking, kinds=facts.kinds),
        not_frozen(facts.place, hits=freezing, kinds=facts.kinds),
    )
    outcome = outcome_of(rules)
    return Verdict(
        subject=subject,
        outcome=outcome,
        allowed=is_allowed(outcome, mode=mode),
        mode=mode,
        rules=rules,
        hits=(*blocking, *freezing),
        place=facts.place,
        at=at,
    )


def _digests(subject: Subject, known: SubjectFacts) -> Sequence[str]:
    return [subject.digest] if subject.digest else known.tagged


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    return list({hit.block: hit for hit in reversed(hits)}.values())[::-1]
