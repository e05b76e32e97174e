"""What a decision stands on beside the blocks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from inventory.policy.facts_sql import FACTS, FACTS_OF_TAGS, MORE
from inventory.policy.models import BlockKind
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from inventory.policy.asked import Asked, Subject
    from inventory.policy.hits import Place
    from supplychain.exchange import TypedRow, Value

_FACTS, _FACTS_OF_TAGS, _MORE = Statement(FACTS), Statement(FACTS_OF_TAGS), Statement(MORE)


@dataclass(slots=True)
class SubjectFacts:
    """What is known of one subject: by the asker's own evidence, but for where its tag pointed and what ran."""

    is_known: bool = False
    is_listed: bool = False
    is_made: bool = False
    is_signed: bool = False
    tagged: list[str] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of all of them, the place as far as it is known, and which kinds of blocks are in force.

    `packages` changes with each block of a package; it is '' where there is none.
    """

    subjects: tuple[SubjectFacts, ...]
    place: Place
    kinds: frozenset[str]
    packages: str

    def need_more(self, subjects: Sequence[Subject], *, is_frozen: bool) -> bool:
        """Tell whether a verdict hangs on what only `more_query` tells."""
        return is_frozen or any(
            subject.digest and not known.is_known for subject, known in zip(subjects, self.subjects, strict=True)
        )

    def digests(self, subjects: Sequence[Subject]) -> set[str]:
        """Return what the subjects are known by; '' where one has no digest."""
        told = [subject.digest for subject in subjects]
        return {*told, "", *(digest for known in self.subjects for digest in known.tagged)}


@dataclass(frozen=True, slots=True)
class _Fact:
    what: str
    n: int
    value: str
    more: str


def facts_query(asked: Sequence[Asked], *, teams: Sequence[int] | None, at: datetime) -> Query:
    """Return the statement that tells what is known to whoever sees these teams; `read_facts` reads its rows."""
    is_plain = all(subject.digest for one in asked for subject in one.subjects)
    return Query(_FACTS if is_plain else _FACTS_OF_TAGS, _values(asked, teams=teams, at=at))


def more_query(asked: Sequence[Asked], *, teams: Sequence[int] | None, at: datetime) -> Query:
    """Return the statement that tells what is missing where facts `need_more`; `read_more` reads its rows."""
    return Query(_MORE, _values(asked, teams=teams, at=at))


def _values(asked: Sequence[Asked], *, teams: Sequence[int] | None, at: datetime) -> dict[str, Value]:
    subjects = [subject for one in asked for subject in one.subjects]
    return {
        "digests": [subject.digest for subject in subjects],
        "names": [subject.name for subject in subjects],
        "tags": [subject.tag for subject in subjects],
        "askers": [number for number, one in enumerate(asked, 1) for _ in one.subjects],
        "teams": teams,
        "clusters": [one.place.cluster for one in asked],
        "namespaces": [one.place.namespace for one in asked],
        "workloads": [one.workload for one in asked],
        "at": at,
    }


def read_facts(rows: Iterable[TypedRow], *, asked: Sequence[Asked]) -> list[Facts]:
    """Return what is known for each of those who asked.

    Where the place does not tell its environment or service, those of its cluster and of service mappings are taken.
    """
    found = [tuple(SubjectFacts() for _ in one.subjects) for one in asked]
    subjects = [known for of_one in found for known in of_one]
    kinds: dict[str, str] = {}
    places = [one.place for one in asked]
    for row in (_Fact(*columns) for columns in rows):
        if row.what == "place":
            place = places[row.n - 1]
            places[row.n - 1] = replace(
                place, environment=place.environment or row.value, service=place.service or row.more
            )
        elif row.what == "kind":
            kinds[row.value] = f"{row.n} {row.more}"
        else:
            _note(subjects[row.n - 1], row)
    packages = kinds.get(BlockKind.PACKAGE, "")
    return [Facts(known, place, frozenset(kinds), packages) for known, place in zip(found, places, strict=True)]


def read_more(rows: Iterable[TypedRow], found: Iterable[Facts]) -> None:
    """Add what more is known to the facts of those who asked for it, in their order."""
    subjects = [known for facts in found for known in facts.subjects]
    for row in (_Fact(*columns) for columns in rows):
        _note(subjects[row.n - 1], row)


def _note(facts: SubjectFacts, row: _Fact) -> None:
    if row.what == "tagged":
        facts.tagged.append(row.value)
    elif row.what == "ran":
        facts.ran.add(row.value)
    else:
        facts.is_known = True  # what is listed, made or signed has been heard of
        setattr(facts, f"is_{row.what}", True)
