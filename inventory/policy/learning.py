"""What decisions stand on, asked of the database once for all that come at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings

from inventory.graph.families import visible_teams
from inventory.policy.facts import Facts, facts_query, more_query, read_facts, read_more
from inventory.policy.hits import FoundHits, hits_query
from supplychain.access.presumed import query_of, read
from supplychain.database import urgent
from supplychain.database.together import Together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from inventory.policy.asked import Asked
    from inventory.policy.hits import Hit
    from supplychain.access.actors import Actor
    from supplychain.access.models import ApiKey
    from supplychain.exchange import TypedRow

MAX_TOGETHER: Final = 16
"""Subjects of one request that are asked about together with those of others: nobody waits for somebody's hundreds."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request at a gate, who asks, and when."""

    asked: Asked
    actor: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known of a request, and by digest what the blocks in force hit; '' is what has no digest."""

    facts: Facts
    hits: Mapping[str, tuple[Hit, ...]]
    keys: Sequence[ApiKey]


def learn(question: Question) -> Learnt:
    """Return what a decision stands on. Raises DatabaseAwayError, and KeyChangedError where a key was presumed.

    Two statements and one for the key, sent together unless a tag must be looked up between them; one more where a
    digest has no evidence, or the place is frozen.
    """
    subjects = question.asked.subjects
    is_plain = len(subjects) <= MAX_TOGETHER and all(subject.digest for subject in subjects)
    learnt = _together.do(question) if is_plain and settings.PROCESS == "web" else _learn([question])[0]
    if question.asked.key is not None:
        question.asked.key.confirm(learnt.keys)
    return learnt


def _learn(questions: Sequence[Question]) -> list[Learnt]:
    at = min(question.at for question in questions)  # what ends meanwhile still binds
    keys = [question.asked.key for question in questions if question.asked.key is not None]
    parties = _parties(questions)
    first = [query_of(keys)] if keys else []
    first += [
        facts_query([one.asked for one in party], teams=visible_teams(party[0].actor), at=at) for party in parties
    ]
    wanted = [subject.digest for question in questions for subject in question.asked.subjects]
    if all(wanted):
        *told, hitting = urgent.ask([*first, hits_query([*wanted, ""], at=at)])
        facts = _facts(parties, told[len(first) - len(parties) :])
    else:
        told = urgent.ask(first)
        facts = _facts(parties, told[len(first) - len(parties) :])
        wanted += [digest for known in facts.values() for subject in known.subjects for digest in subject.tagged]
        [hitting] = urgent.ask([hits_query([*wanted, ""], at=at)])
    hits, found = FoundHits(hitting, [*wanted, ""]), read(told[0]) if keys else ()
    learnt = [
        Learnt(known, hits.of(known.digests(question.asked.subjects), place=known.place), found)
        for question, known in ((question, facts[id(question)]) for question in questions)
    ]
    _learn_more(list(zip(questions, learnt, strict=True)), at=at)
    return learnt


def _learn_more(pairs: Sequence[tuple[Question, Learnt]], *, at: datetime) -> None:
    """Ask what few verdicts hang on: whether a digest without evidence was heard of, what ran where it is frozen."""
    lacking = {
        id(question): learnt.facts
        for question, learnt in pairs
        if learnt.facts.need_more(question.asked.subjects, is_frozen=any(hit.is_freeze for hit in learnt.hits[""]))
    }
    parties = _parties([question for question, _ in pairs if id(question) in lacking])
    if not parties:
        return
    asking = [more_query([one.asked for one in party], teams=visible_teams(party[0].actor), at=at) for party in parties]
    for party, rows in zip(parties, urgent.ask(asking), strict=True):
        read_more(rows, [lacking[id(question)] for question in party])


def _parties(questions: Sequence[Question]) -> list[list[Question]]:
    """Return the questions by what their askers see: the evidence of others counts for nobody."""
    parties: dict[frozenset[int] | None, list[Question]] = {}
    for question in questions:
        parties.setdefault(question.actor.team_ids, []).append(question)
    return list(parties.values())


def _facts(parties: Sequence[Sequence[Question]], told: Sequence[Sequence[TypedRow]]) -> dict[int, Facts]:
    return {
        id(question): facts
        for party, rows in zip(parties, told, strict=True)
        for question, facts in zip(party, read_facts(rows, asked=[one.asked for one in party]), strict=True)
    }


_together: Together[Question, Learnt] = Together(_learn)
