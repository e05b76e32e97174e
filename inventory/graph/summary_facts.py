"""What a signed verdict of an artifact is made of: all that counts for where it comes from, and what is expected."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from inventory.graph.artifacts import find_artifact
from inventory.graph.expectations import EXPECTATIONS, make_expectations
from inventory.graph.families import visible_teams
from inventory.graph.judged import JUDGED
from inventory.graph.statements import fetch
from inventory.models.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.graph.expectations import Expectations
    from supplychain.access.actors import Actor

_FACTS = f"""
WITH asked AS (SELECT unnest(%(ids)s::int[]) AS id), {JUDGED},
inputs AS (
    SELECT j.verdict, j.code, j.level, j.envelope_digest, j.repository,
           coalesce(r.evaluated_at, j.first_received_at) AS at,
           row_number() OVER (ORDER BY j.rank, j.level DESC, j.predicate <> 'provenance', j.first_received_at DESC,
                              j.attestation_id DESC) AS place
    FROM judged j
    LEFT JOIN inventory_attestationverdict w ON w.attestation_id = j.attestation_id
    LEFT JOIN inventory_verificationresult r ON r.id = w.result_id
    WHERE j.is_origin AND j.envelope_digest IS NOT NULL
      AND coalesce(r.key_fingerprint <> ALL(%(without_keys)s::text[]), true)
)
SELECT (SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.place), '[]') FROM inputs i)::text, {EXPECTATIONS}
"""
"""One statement, so that both are of one state of the database."""


@dataclass(frozen=True, slots=True)
class SummaryInput:
    """An attestation of where the artifact comes from. `at` is when it was evaluated, else when it arrived."""

    verdict: Verdict
    code: str
    level: int
    envelope_digest: str
    repository: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SummaryFacts:
    """All of it; the attestation that may be believed most is the first. Reports of other tools are none."""

    inputs: Sequence[SummaryInput]
    expectations: Expectations

    @property
    def verdict(self) -> Verdict:
        return self.inputs[0].verdict if self.inputs else Verdict.NONE

    @property
    def has_passed(self) -> bool:
        return self.verdict is Verdict.VERIFIED_EXPECTED


def read_summary_facts(digest: str, *, without_keys: Sequence[str], actor: Actor, at: datetime) -> SummaryFacts:
    """Return what counts for a visible artifact; what these keys signed does not. Two statements.

    Raises ArtifactNotFoundError.
    """
    parameters = {
        "ids": [find_artifact(digest, actor=actor)],
        "teams": visible_teams(actor),
        "at": at,
        "without_keys": list(without_keys),
    }
    (found,) = fetch(_make, _FACTS, parameters)
    return found


def _make(inputs: str, expected: str, changed_at: datetime | None) -> SummaryFacts:
    rows = [
        SummaryInput(
            verdict=Verdict(row["verdict"]),
            code=row["code"],
            level=row["level"],
            envelope_digest=row["envelope_digest"],
            repository=row["repository"],
            at=datetime.fromisoformat(row["at"]),
        )
        for row in json.loads(inputs)
    ]
    return SummaryFacts(rows, make_expectations(expected, changed_at))
