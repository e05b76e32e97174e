"""Step 13: what the certificate binds, the payload must not contradict. The certificate outranks it.

A tenant of a builder can write parts of its provenance; the authority that issued the certificate saw the token of the
run. So each field is bound (both say the same), contradicted (a failure) or only stated (the certificate has no such
claim). After slsa-verifier's `provenance_forgeable.go` in idea, by our own table.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.identity.repositories import canonical_repository
from inventory.trust.evaluation import Step, VerificationError

if TYPE_CHECKING:
    from inventory.formats.attestations.records import ProvenanceRecord
    from inventory.trust.claims import CertificateClaims

_WORKFLOW: Final = re.compile(r"https://[^/]+/([^/]+/[^/]+)/(\.github/workflows/[^@]+)@(\S+)")
_HOSTED: Final = "github-hosted"
_RUNNER: Final = "https://github.com/actions/runner"
_RUN: Final = re.compile(r"https://([^/]+/[^/]+/[^/]+)/actions/runs/(\d+)(?:/attempts/(\d+))?")


class Binding(enum.StrEnum):
    """How a field of the payload stands to the certificate."""

    BOUND = "bound"
    CONTRADICTED = "contradicted"
    STATED = "stated"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field. `code` is the reason of a failure when it is contradicted."""

    field: str
    code: str
    stated: str
    claimed: str
    binding: Binding


def compare(provenance: ProvenanceRecord, claims: CertificateClaims) -> tuple[Comparison, ...]:
    """Compare each field that the payload states; what it does not state is left out."""
    workflow = _WORKFLOW.fullmatch(claims.build_config)
    made = (
        _builder(provenance, claims),
        _row("repository", "source_mismatch", provenance.repository, _repository(claims.source_repository)),
        _row("commit", "source_mismatch", provenance.commit.lower(), claims.source_digest.lower()),
        _row("ref", "ref_mismatch", provenance.ref, claims.source_ref),
        _row("workflow", "workflow_mismatch", provenance.workflow_path, workflow[2] if workflow else ""),
        _run(provenance.invocation_id, claims.run_invocation),
        _row("event", "event_mismatch", provenance.event, claims.build_trigger),
        _row("runner", "runner_mismatch", provenance.runner_environment, claims.runner_environment),
    )
    return tuple(row for row in made if row is not None)


def require_unforged(provenance: ProvenanceRecord, claims: CertificateClaims) -> tuple[Comparison, ...]:
    """Return the comparisons. Raises VerificationError with the code of the first field that is contradicted."""
    rows = compare(provenance, claims)
    for row in rows:
        if row.binding is Binding.CONTRADICTED:
            message = f"The payload says {row.field} {row.stated[:200]!r}, the certificate {row.claimed[:200]!r}."
            raise VerificationError(Step.CLAIMS, row.code, message)
    return rows


def _builder(provenance: ProvenanceRecord, claims: CertificateClaims) -> Comparison | None:
    """Compare the builder: a workflow with the one that signed, GitHub's runner with the environment of the run."""
    stated = provenance.builder_id
    if stated.startswith(f"{_RUNNER}/"):
        return _row("builder", "builder_mismatch", stated.removeprefix(f"{_RUNNER}/"), claims.runner_environment)
    if _WORKFLOW.fullmatch(stated):
        return _row("builder", "builder_mismatch", stated, claims.build_signer or claims.identity)
    return _row("builder", "builder_mismatch", stated, "")


def _run(stated: str, claimed: str) -> Comparison | None:
    """Compare the run. The payload's name for it may leave the attempt out, or be no address at all."""
    theirs, ours = _RUN.fullmatch(claimed), _RUN.fullmatch(stated)
    if ours is None or theirs is None:
        return _row("run", "run_mismatch", stated, "")
    is_same = ours[1].lower() == theirs[1].lower() and ours[2] == theirs[2] and ours[3] in {None, theirs[3]}
    return Comparison("run", "run_mismatch", stated, claimed, Binding.BOUND if is_same else Binding.CONTRADICTED)


def _row(field: str, code: str, stated: str, claimed: str) -> Comparison | None:
    if not stated:
        return None
    if not claimed:
        return Comparison(field, code, stated, claimed, Binding.STATED)
    return Comparison(field, code, stated, claimed, Binding.BOUND if stated == claimed else Binding.CONTRADICTED)


def _repository(address: str) -> str:
    return canonical_repository(address) or ""
