"""What a decision stands on beside the blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.graph.families import visible_teams
from inventory.policy.facts_sql import FACTS, FACTS_OF_TAGS
from inventory.policy.hits import Place
from inventory.policy.models import BlockKind
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from supplychain.access.actors import Actor
    from supplychain.exchange import TypedRow

_FACTS, _FACTS_OF_TAGS = Statement(FACTS), Statement(FACTS_OF_TAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing to decide about: a digest, or an image by its name and tag alone. `problem` says why neither is known.

    `image` is the reference as it was written.
    """

    digest: str = ""
    name: str = ""
    tag: str = ""
    image: str = ""
    problem: str = ""


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


@dataclass(frozen=True, slots=True)
class _Fact:
    what: str
    n: int
    value: str
    more: str


def facts_query(subjects: Sequence[Subject], *, place: Place, workload: str, actor: Actor, at: datetime) -> Query:
    """Return the statement that tells what is known; `read_facts` reads its rows."""
    values = {
        "digests": [subject.digest for subject in subjects],
        "names": [subject.name for subject in subjects],
        "tags": [subject.tag for subject in subjects],
        "teams": visible_teams(actor),
        "cluster": place.cluster,
        "namespace": place.namespace,
        "workload": workload,
        "at": at,
    }
    return Query(_FACTS if all(subject.digest for subject in subjects) else _FACTS_OF_TAGS, values)


def read_facts(rows: Iterable[TypedRow], *, subjects: Sequence[Subject], place: Place) -> Facts:
    """Return what is known.

    Where the place does not tell its environment or service, those of its cluster and of service mappings are taken.
    """
    found = tuple(SubjectFacts() for _ in subjects)
    kinds: dict[str, str] = {}
    environment, service = place.environment, place.service
    for row in (_Fact(*columns) for columns in rows):
        if row.what == "place":
            environment, service = environment or row.value, service or row.more
        elif row.what == "kind":
            kinds[row.value] = f"{row.n} {row.more}"
        else:
            _note(found[row.n - 1], row)
    known = Place(environment=environment, cluster=place.cluster, namespace=place.namespace, service=service)
    return Facts(found, known, frozenset(kinds), kinds.get(BlockKind.PACKAGE, ""))


def _note(facts: SubjectFacts, row: _Fact) -> None:
    if row.what == "tagged":
        facts.tagged.append(row.value)
    elif row.what == "ran":
        facts.ran.add(row.value)
    else:
        setattr(facts, f"is_{row.what}", True)
