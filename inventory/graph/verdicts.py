"""What may be believed of where artifacts come from: the best of their attestations, the others beside it.

A bad attestation never takes away a good one, and a missing one is never a pass: an artifact without any has the
verdict `none`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from inventory.graph.families import visible_teams
from inventory.graph.judged import BEST, JUDGED
from inventory.graph.statements import fetch
from inventory.models.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class Difference:
    """What an attestation says otherwise than a trusted signer is expected to: the reason's code, and both values."""

    code: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an artifact comes from, as the attestation says that may be believed most.

    `slsa_build_level` is that attestation's, 1 for what only claims to be provenance, 0 for none. `attestation` is its
    envelope's digest, `relation` how its subject belongs to the artifact (graph/attestations.py). `others` counts the
    verdicts of all other attestations of its origin. `reasons` are codes (docs/trust.md); `differences` tell of those
    that compare two values what they are.
    """

    verdict: Verdict
    slsa_build_level: int
    builder: str | None
    repository: str | None
    commit: str | None
    workflow: str | None
    signer: str | None
    reasons: tuple[str, ...]
    differences: tuple[Difference, ...]
    attestation: str | None
    relation: str
    others: Mapping[str, int]


NO_ORIGIN = Origin(Verdict.NONE, 0, None, None, None, None, None, (), (), None, "", {})

VERDICTS = f"""
WITH asked AS (SELECT unnest(%(ids)s::int[]) AS id), {JUDGED}, {BEST},
others AS (
    SELECT asked_id, jsonb_object_agg(verdict, count) AS counts FROM (
        SELECT j.asked_id, j.verdict, count(*) FROM judged j JOIN best b ON b.asked_id = j.asked_id
        WHERE j.is_origin AND j.attestation_id <> b.attestation_id GROUP BY j.asked_id, j.verdict) counted
    GROUP BY asked_id
)
SELECT b.asked_id, b.verdict, b.level, b.builder, b.repository, b.commit, b.workflow, b.signer, b.code,
       b.reasons::text, b.envelope_digest, b.relation, coalesce(o.counts, '{{}}')::text
FROM best b LEFT JOIN others o ON o.asked_id = b.asked_id
"""
"""Made into `FoundOrigin`: one row for each artifact of `%(ids)s` of which anything is attested."""


@dataclass(frozen=True, slots=True)
class FoundOrigin:
    """A row of VERDICTS."""

    artifact_id: int
    origin: Origin


def read_verdicts(artifact_ids: Collection[int], *, actor: Actor) -> dict[int, Origin]:
    """Return where each artifact comes from, as far as the actor may see. One statement, however many are asked for."""
    if not artifact_ids:
        return {}
    parameters = {"ids": sorted(artifact_ids), "teams": visible_teams(actor)}
    found = {row.artifact_id: row.origin for row in fetch(found_origin, VERDICTS, parameters)}
    return {artifact_id: found.get(artifact_id, NO_ORIGIN) for artifact_id in artifact_ids}


class _Columns(NamedTuple):
    """What VERDICTS has after the artifact."""

    verdict: str
    level: int
    builder: str | None
    repository: str | None
    commit: str | None
    workflow: str | None
    signer: str | None
    code: str
    reasons_json: str
    attestation: str | None
    relation: str
    others_json: str


def found_origin(artifact_id: int, *columns: Any) -> FoundOrigin:
    """Make a row of VERDICTS of its columns."""
    row = _Columns(*columns)
    differences = tuple(Difference(*map(str, reason)) for reason in json.loads(row.reasons_json))
    codes = dict.fromkeys([*([row.code] if row.code else []), *(found.code for found in differences)])
    origin = Origin(
        verdict=Verdict(row.verdict),
        slsa_build_level=row.level,
        builder=row.builder,
        repository=row.repository,
        commit=row.commit,
        workflow=row.workflow,
        signer=row.signer,
        reasons=tuple(codes),
        differences=tuple(found for found in differences if found.expected or found.found),
        attestation=row.attestation,
        relation=row.relation,
        others=json.loads(row.others_json),
    )
    return FoundOrigin(artifact_id, origin)
