"""What was judged of given attestations, with why: as it is in force, and nothing where trust was lost since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.judged import DUE, NOT_VERIFIED, VERDICT
from inventory.graph.statements import fetch
from inventory.graph.verdicts import Difference
from inventory.models.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

_JUDGEMENTS = f"""
SELECT a.id, a.signature_count, {VERDICT}, e.verdict, e.code, e.message, e.stopped_at, e.reasons::text, e.evaluated_at,
       s.name
FROM inventory_attestation a
LEFT JOIN inventory_provenance p ON p.attestation_id = a.id
LEFT JOIN inventory_attestationverdict w ON w.attestation_id = a.id
LEFT JOIN inventory_verificationresult e ON e.id = w.result_id
LEFT JOIN inventory_verificationresult r ON r.id = w.result_id AND r.outcome = 'valid'
LEFT JOIN inventory_trustedsigner s ON s.id = e.signer_id
WHERE a.id = ANY(%(ids)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one attestation: the verdict, the codes of why (docs/verification.md), and the step at which it stopped.

    `evaluated_at` None: nobody has looked yet, or there is no signature to look at. `signer` is the name of the trusted
    signer that it matched or came nearest to.
    """

    verdict: str
    codes: tuple[str, ...]
    message: str
    stopped_at: int | None
    differences: tuple[Difference, ...]
    evaluated_at: datetime | None
    signer: str


def judgements_of(attestation_ids: Collection[int]) -> dict[int, Judgement]:
    """Return what was judged of each. One statement. Whoever asks was found to see them."""
    return dict(fetch(_judgement, _JUDGEMENTS, {"ids": sorted(attestation_ids)})) if attestation_ids else {}


def _judgement(
    number: int, signature_count: int, verdict: str, told: str | None, *columns: object
) -> tuple[int, Judgement]:
    code, message, stopped_at, reasons, evaluated_at, signer = columns
    if told is None or told != verdict:
        codes = (DUE,) if told is not None else (NOT_VERIFIED,) if signature_count else ()
        return number, Judgement(Verdict(verdict).value, codes, "", None, (), None, "")
    found = tuple(Difference(*reason) for reason in json.loads(str(reasons or "[]")))
    every = dict.fromkeys([*([str(code)] if code else []), *(one.code for one in found)])
    return number, Judgement(
        Verdict(verdict).value,
        tuple(every),
        str(message or ""),
        stopped_at if isinstance(stopped_at, int) else None,
        found,
        evaluated_at,  # type: ignore[arg-type]  # as the statement has it
        str(signer or ""),
    )
