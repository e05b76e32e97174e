"""What blocks hit: a digest through its family, its bases, its content and its origin; a place by its name."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from inventory.identity.repositories import canonical_repository
from inventory.policy.hits_sql import HITS, PROPOSED, STORED
from inventory.policy.models import FREEZES, BlockKind
from inventory.policy.versions import NOTHING, cleared, why_meant
from supplychain.exchange import Query, Statement, exchange_typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from inventory.policy.selectors import Selector
    from supplychain.exchange import TypedRow, Value

MAX_DETAIL = 500
_BY_LAYERS = 3
_OF_STORED = Statement(HITS.format(blocks=STORED))
_OF_PROPOSED = Statement(HITS.format(blocks=PROPOSED))


class Relation(enum.StrEnum):
    """What the asked digest has to do with the one that the block is about."""

    SAME = "same"
    INDEX = "index"
    """An image index lists the asked digest, and is blocked itself."""
    PLATFORM = "platform"
    """The asked digest is an index, and one of its platforms is blocked."""
    BASE = "base"
    """It was built from what is blocked."""
    PLACE = "place"
    """Where it should run is frozen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is to run, as far as it is told; '' is not told."""

    environment: str = ""
    cluster: str = ""
    namespace: str = ""
    service: str = ""


NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A block hits a digest: `detail` says why in words, `via` is the digest that links the two ('' for itself).

    Detail and via rest on anybody's evidence: they are for who sees all teams.
    """

    block: UUID | None
    kind: BlockKind
    selector: Mapping[str, str | None]
    reason: str
    incident: UUID | None
    created_at: datetime
    relation: Relation
    detail: str
    via: str

    @property
    def is_freeze(self) -> bool:
        return self.kind in FREEZES


@dataclass(frozen=True, slots=True)
class _Found:
    n: int
    how: str
    base: int
    side: int
    digest: str
    detail: str
    version: str
    type: str
    by_source: bool
    block: UUID | None
    kind: str
    selector: str
    reason: str
    incident: UUID | None
    created_at: datetime

    @property
    def shown(self) -> dict[str, str | None]:
        return _selector(self.selector)

    @property
    def relation(self) -> Relation:
        if self.how == "place":
            return Relation.PLACE
        if self.base:
            return Relation.BASE
        return (Relation.SAME, Relation.INDEX, Relation.PLATFORM)[self.side]


def find_hits(
    digests: Sequence[str],
    *,
    at: datetime,
    environment: str = "",
    cluster: str = "",
    namespace: str = "",
    service: str = "",
) -> dict[str, tuple[Hit, ...]]:
    """Return what the blocks in force hit of each digest in this place, one hit a block. One statement.

    By all teams' evidence, claimed or verified; between two calls only what cannot change is remembered (versions.py).
    A digest that nobody knows can be hit by its own name and by a freeze alone.
    """
    place = Place(environment=environment, cluster=cluster, namespace=namespace, service=service)
    (rows,) = exchange_typed([hits_query(digests, at=at)])
    return read_hits(rows, digests, place=place)


def hits_query(digests: Sequence[str], *, at: datetime) -> Query:
    """Return the statement that tells what the blocks in force hit; `read_hits` reads its rows."""
    known = cleared.known
    values: dict[str, Value] = {
        "digests": list(dict.fromkeys(digests)),
        "at": at,
        "cleared": known.numbers,
        "cleared_file": known.file,
    }
    return Query(_OF_STORED, values)


def find_hits_of(
    selector: Selector, digests: Sequence[str], *, at: datetime, place: Place = NOWHERE
) -> dict[str, tuple[Hit, ...]]:
    """Return what a block that nobody has set yet would hit. One statement."""
    parameters: dict[str, Value] = {
        "at": at,
        "kind": selector.kind.value,
        "selector": json.dumps(dict(selector.shown)),
        "value": selector.value,
        "issuer": selector.issuer,
        "namespace": selector.namespace,
        "package_type": selector.package_type,
        "package_namespace": selector.package_namespace,
        "package_name": selector.package_name,
        "reason": "",
        "digests": list(dict.fromkeys(digests)),
        "cleared": NOTHING.numbers,
        "cleared_file": NOTHING.file,
    }
    (rows,) = exchange_typed([Query(_OF_PROPOSED, parameters)])
    return read_hits(rows, digests, place=place)


def read_hits(found: Iterable[TypedRow], digests: Sequence[str], *, place: Place) -> dict[str, tuple[Hit, ...]]:
    """Return what is hit of each digest in this place, one hit a block."""
    return FoundHits(found, digests).of(digests, place=place)


class FoundHits:
    """What the blocks in force hit of the digests that were asked about, and the freezes of all places."""

    def __init__(self, found: Iterable[TypedRow], digests: Sequence[str]) -> None:
        self._frozen: list[_Found] = []
        self._about: dict[str, list[_Found]] = {digest: [] for digest in digests}
        wanted = list(self._about)
        for row in (_Found(*columns) for columns in found):
            if row.how == "place":
                self._frozen.append(row)
            elif row.n:
                self._about[wanted[row.n - 1]].append(row)

    def of(self, digests: Iterable[str], *, place: Place) -> dict[str, tuple[Hit, ...]]:
        """Return what is hit of some of them in this place, one hit a block."""
        frozen = [_hit(row, f"{row.kind} is frozen") for row in self._frozen if _is_here(row, place)]
        return {digest: (*_one_of_each_block(self._hits(digest)), *frozen) for digest in digests}

    def _hits(self, digest: str) -> Iterator[Hit]:
        for row in self._about[digest]:
            if why := _why(row, asked=digest):
                yield _hit(row, why)


def _why(row: _Found, *, asked: str) -> str:
    """Say why a row hits; '' where its version or address turns out to be another one."""
    subject = "it" if row.digest == asked else row.digest
    if row.how == "package":
        version = why_meant(row.shown["range"], row.version, type_=row.type, by_source=row.by_source)
        return version and f"{_holder(row, subject)} lists {row.detail}: {version}"
    if row.how == "source":
        is_it = canonical_repository(row.detail) == row.shown["repository"]
        return f"{subject} says that its source is {row.detail}" if is_it else ""
    if row.how != "digest":
        return f"an attestation of {subject} names this {row.how} ({row.detail.replace('_', ' ')})"
    if row.digest == asked:
        return "the digest itself is blocked"
    if row.side == _BY_LAYERS:
        return f"it begins with all layers of {row.digest}"
    return {
        Relation.SAME: f"{row.digest} is another digest of it",
        Relation.INDEX: f"the image index {row.digest} lists it",
        Relation.PLATFORM: f"it contains a blocked platform, {row.digest}",
        Relation.BASE: f"it was made from {row.digest}",
    }.get(row.relation, "")


def _holder(row: _Found, subject: str) -> str:
    return {
        Relation.SAME: "its SBOM",
        Relation.INDEX: f"an SBOM of the index {subject}",
        Relation.PLATFORM: f"the SBOM of its platform {subject}",
        Relation.BASE: f"the SBOM of its base {subject}",
    }.get(row.relation, "an SBOM")


@lru_cache(maxsize=4_096)
def _selector(text: str) -> dict[str, str | None]:
    found: dict[str, str | None] = json.loads(text)
    return found


def _is_here(row: _Found, place: Place) -> bool:
    shown = row.shown
    if row.kind == BlockKind.CLUSTER:
        return shown["cluster"] == place.cluster and shown["namespace"] in {None, place.namespace}
    told = place.service if row.kind == BlockKind.SERVICE else place.environment
    return told in shown.values()


def _hit(row: _Found, detail: str) -> Hit:
    return Hit(
        block=row.block,
        kind=BlockKind(row.kind),
        selector=row.shown,
        reason=row.reason,
        incident=row.incident,
        created_at=row.created_at,
        relation=row.relation,
        detail=detail if len(detail) <= MAX_DETAIL else f"{detail[:MAX_DETAIL]}…",
        via=row.digest,
    )


def _one_of_each_block(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Keep the nearest of each block: rows come with what is said of the digest itself first."""
    told: set[UUID | None] = set()
    for hit in hits:
        if hit.block not in told:
            told.add(hit.block)
            yield hit
