"""An attestation that is due, as the database has it: what it states, what was found last, where its bytes are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from inventory.formats.attestations.records import Envelope, Predicate
from inventory.formats.attestations.summaries import summary_of
from inventory.trust.facts import Proven, Stated
from inventory.trust.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERIFIER_VERSION: Final = "1"
"""Of the cryptography. A new one verifies everything anew: bytes are read again, whatever was found before."""
APART: Final = ("payload_missing", "key_unknown", "no_trusted_time")
"""Codes of what could not be judged alone, and may be together with what lies beside it."""
_PASSING: Final = frozenset({"verifier_error", "envelope_missing", "evidence_corrupt", "evidence_missing"})
"""Codes of what may be otherwise at the next look."""
_OF_KEYS: Final = frozenset({"key_unknown", "signature_invalid"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an envelope's bytes are: in which document, under which digest of their own. `size` is the document's."""

    digest: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Due:
    """One attestation to judge."""

    id: int
    team_id: int
    envelope: Envelope
    stated: Stated
    is_signed: bool
    has_several: bool
    place: Place | None
    beside: Sequence[Place]
    beside_ids: Sequence[int]
    last: Mapping[str, Any] | None
    tries: int = 0
    """How often a worker began with its bytes and came to no end."""

    def reusable(self, *, roots: Sequence[int], newest_key_at: datetime | None) -> bool:
        """Tell whether the cryptography of the last evaluation still says all: same verifier, same roots.

        Of several signatures only the best is kept, and another one may be best now.
        """
        last = self.last
        if last is None or last["verifier_version"] != VERIFIER_VERSION or last["code"] in _PASSING:
            return False
        if last["roots"] != list(roots) or self.has_several:
            return False
        if self.beside and last["code"] in APART:
            return False
        is_of_keys = last["code"] in _OF_KEYS and not last["identity"]
        return not (is_of_keys and newest_key_at and newest_key_at > datetime.fromisoformat(last["evaluated_at"]))


def due_of(row: Mapping[str, Any]) -> Due:
    """Make one of the statement FETCH's rows."""
    source, beside = row["source"], row["beside"]
    return Due(
        id=row["id"],
        team_id=row["team"],
        envelope=Envelope(row["envelope"]),
        stated=_stated(row),
        is_signed=row["signature_count"] > 0,
        has_several=row["signature_count"] > 1,
        place=Place(row["digest"], source["blob"], source["size"]) if source else None,
        beside=[Place(one["digest"], one["blob"], one["size"]) for one in beside],
        beside_ids=[one["id"] for one in beside],
        last=row["last"],
        tries=row["tries"],
    )


def proven_of(row: Mapping[str, Any]) -> Proven:
    """Make what was proven of a stored result."""
    signed_at = row["signed_at"]
    return Proven(
        outcome=Outcome(row["outcome"]),
        code=row["code"] if row["outcome"] != Outcome.VALID else "",
        signed_at=None if signed_at is None else datetime.fromisoformat(signed_at),
        issuer=row["issuer"],
        identity=row["identity"],
        repository=row["repository"],
        repository_id=row["repository_id"],
        owner_id=row["owner_id"],
        commit=row["commit"],
        ref=row["ref"],
        workflow=row["workflow_path"],
        builder_id=row["builder_id"],
        run=row["run"],
        runner=row["runner_environment"],
        event=row["event"],
        key_fingerprint=row["key_fingerprint"],
    )


def _stated(row: Mapping[str, Any]) -> Stated:
    predicate = Predicate(row["predicate"])
    if predicate is Predicate.VERIFICATION_SUMMARY:
        return Stated(predicate, summary=summary_of(row["facts"]))
    found = row["provenance"]
    if found is None:
        return Stated(predicate)
    parameters = found["parameters"]
    is_object = isinstance(parameters, dict)
    return Stated(
        predicate,
        builder_id=found["builder_id"],
        build_type=found["build_type"],
        repository=found["repository"],
        ref=found["ref"],
        workflow=found["workflow_path"],
        event=found["event"],
        runner=found["runner_environment"],
        has_parameters=parameters is not None or "/provenance/v0." in row["predicate_type"],
        parameters=frozenset(parameters) if is_object else None,
    )
