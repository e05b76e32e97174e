"""Takes many documents in, one after the other, by the same way as an upload: same limits, audit and repeats.

What was taken in before is found by its bytes and parameters, so an import that was cut off is simply begun again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from django.conf import settings

from inventory.intake.archives import count_sources, find_sources
from inventory.intake.body import BodyLimits
from inventory.intake.receive import Parameters, Submission, receive
from inventory.models import IN_WORK, EvidenceState
from inventory.store.errors import EvidenceStoreUnavailableError
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    from inventory.intake.archives import Source
    from supplychain.access.actors import Actor

ARCHIVE_FACTOR: Final = 16
"""Times the largest document: as much may come out of one archive."""
_BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source at intake. `evidence_id` is None for what was refused or skipped."""

    name: str
    evidence_id: int | None = None
    public_id: UUID | None = None
    is_new: bool = False
    code: str = ""
    message: str = ""

    @property
    def is_refused(self) -> bool:
        return bool(self.code)


@dataclass(frozen=True, slots=True)
class Import:
    """Where documents are, and in whose name they come."""

    paths: Sequence[Path]
    actor: Actor
    team_id: int
    parameters: Parameters
    keep_zips: bool = False

    def count(self) -> int:
        """Count the documents, for a progress bar."""
        return count_sources(self.paths, keep_zips=self.keep_zips)

    def run(self) -> Iterator[Outcome]:
        """Take each document in and tell what became of it; one that is refused stops no other.

        Raises EvidenceStoreUnavailableError when bytes cannot be kept now.
        """
        unpacked = ARCHIVE_FACTOR * settings.MAX_INFLATED_BYTES
        for source in find_sources(self.paths, keep_zips=self.keep_zips, unpacked_bytes=unpacked):
            yield self._take(source)

    def _take(self, source: Source) -> Outcome:
        if source.refused is not None:
            return _refused(source, source.refused)
        if source.open is None:
            return Outcome(source.name)
        limits = BodyLimits(raw_bytes=settings.MAX_INFLATED_BYTES, inflated_bytes=settings.MAX_INFLATED_BYTES)
        parameters = replace(self.parameters, filename=source.name.replace("\\", "/").rpartition("/")[2])
        submission = Submission(chunks=source.open(), parameters=parameters)
        at = datetime.now(UTC)
        try:
            received = receive(submission, actor=self.actor, team_id=self.team_id, at=at, limits=limits)
        except EvidenceStoreUnavailableError:
            raise
        except DomainError as error:
            return _refused(source, error)
        evidence = received.evidence
        return Outcome(source.name, evidence_id=evidence.pk, public_id=evidence.public_id, is_new=received.is_new)


@dataclass(frozen=True, slots=True)
class Failed:
    """A document that was taken in and could not be read, with the receipt's error."""

    evidence_id: int
    code: str
    message: str


def count_states(evidence_ids: Iterable[int]) -> Counter[str]:
    """Count the states that these documents are in. One statement for 5,000."""
    counted: Counter[str] = Counter()
    for batch in _batches(evidence_ids):
        counted.update(EvidenceState.objects.filter(pk__in=batch).values_list("state", flat=True))
    return counted


def find_failed(evidence_ids: Iterable[int]) -> list[Failed]:
    """Return those that ended with an error, in the order they came in."""
    found: list[Failed] = []
    for batch in _batches(evidence_ids):
        rows = EvidenceState.objects.filter(pk__in=batch, error__isnull=False).order_by("pk")
        found += [
            Failed(key, error["code"], error["message"]) for key, error in rows.values_list("pk", "error") if error
        ]
    return found


def waiting_count(states: Counter[str]) -> int:
    """Count what no worker has come to the end of."""
    return sum(states[state] for state in IN_WORK)


def _batches(evidence_ids: Iterable[int]) -> Iterator[list[int]]:
    ids = sorted(set(evidence_ids))
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def _refused(source: Source, error: DomainError) -> Outcome:
    return Outcome(source.name, code=error.code, message=error.message)
