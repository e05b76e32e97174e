"""What the codes of a verification mean, in a sentence for who reads a page (docs/verification.md has them by step)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from inventory.graph.judgements import Judgement
    from inventory.graph.verdicts import Difference

_OF_FORM: Final = {
    "malformed": "It is no strict JSON within the limits.",
    "bundle_shape": "It has not the shape of a bundle.",
    "signature_count": "A bundle has exactly one signature; this one has not.",
    "payload_missing": "What was signed is not in it.",
    "envelope_unsupported": "Nobody here reads this kind of envelope.",
    "payload_type": "What was signed is of a type that nobody here reads.",
    "payload_unparseable": "What was signed cannot be read.",
    "statement_unsupported": "What was signed is a statement of a version that nobody here reads.",
    "bad_subject": "It is about nothing: no subject that can be used.",
    "predicate_mismatch": "It states something else than the signer is trusted for.",
}
_OF_TIME: Final = {
    "no_trusted_time": "Nobody we believe says when it was signed: no timestamp, no promise of a log.",
    "tsa_unknown": "Its timestamp is of an authority that no root of trust names.",
    "tsa_untrusted": "Its timestamp is not proven to be of the authority that it names.",
    "set_invalid": "The log's promise is not good.",
    "time_future": "It was signed in the future, by its own time.",
    "duplicate_timestamp": "The same timestamp counts once.",
    "log_entry_unsupported": "Its log entry is of a kind that cannot be compared.",
    "time_unknown": "A bare key signed it, and nobody proves when.",
}
_OF_CERTIFICATES: Final = {
    "root_unknown": "Its certificate leads to no authority of a root of trust.",
    "chain_invalid": "Its chain of certificates is not good.",
    "cert_not_valid_at_signing": "Its certificate was not valid when it was signed.",
    "certificate_unreadable": "Its certificate cannot be read.",
    "not_a_signing_certificate": "Its certificate is not meant for signing.",
    "sct_invalid": "The proof that its certificate was logged is not good.",
    "sct_log_unknown": "Its certificate was logged where no root of trust says.",
}
_OF_LOGS: Final = {
    "tlog_missing": "It has no entry of a transparency log.",
    "inclusion_missing": "Nothing proves that its entry is in the log.",
    "inclusion_invalid": "The proof that its entry is in the log is not good.",
    "log_unknown": "Its entry is of a log that no root of trust names.",
    "log_not_valid_then": "Its log was not to be believed at that time.",
    "tlog_mismatch": "Its log entry is about another signature, signer or content.",
}
_OF_SIGNATURES: Final = {
    "signature_invalid": "The signature is not over these bytes, or not by this key.",
    "key_unknown": "It was signed by a key that nobody has registered.",
    "key_unsupported": "Its key is of a kind that is not used here.",
}
_OF_SIGNERS: Final = {
    "signer_unknown": "A good signature, by somebody whom nobody has decided to trust.",
    "identity_mismatch": "No trusted signer has this identity.",
    "signer_proposed": "Its signer is proposed; people have not accepted it yet.",
    "signer_rejected": "People rejected its signer.",
    "signer_revoked": "Trust in its signer was revoked.",
    "signer_not_in_force": "Its signer was not trusted at that time.",
    "identity_compromised": "Its identity, key, builder, repository or workflow was compromised then.",
}
_OF_CLAIMS: Final = {
    f"{what}_mismatch": f"The certificate says another {what} than the signed payload."
    for what in ("builder", "source", "ref", "workflow", "run", "event", "runner")
}
_OF_EXPECTATIONS: Final = {
    "unexpected_repository": "Built from another repository than its signer is expected to build.",
    "unexpected_repository_id": "The repository has the expected name and another number: it was registered again.",
    "unexpected_owner": "The owner has another number than expected.",
    "unexpected_ref": "Built from another branch or tag than expected.",
    "unexpected_workflow": "Built by another workflow than expected.",
    "unexpected_builder": "Built on another builder than expected.",
    "unexpected_build_type": "Built in another way than expected.",
    "unexpected_runner": "Built on another kind of runner than expected.",
    "unexpected_event": "Started by another event than expected.",
    "unexpected_parameter": "Built with a parameter that is not expected.",
    "unknown_expectation": "The signer is held to something that this document does not tell.",
    "vsa_not_passed": "Its verifier says that it did not pass.",
    "vsa_verifier": "Summed up by another verifier than expected.",
    "vsa_resource": "It sums up something else than the signer is expected to.",
    "vsa_levels": "It does not name one level.",
    "vsa_refs": "It names other refs than expected.",
}
_OF_US: Final = {
    "not_verified": "It is signed, and nobody has looked at that yet.",
    "verification_due": "Its signer lost trust since it was verified; it is judged again soon.",
    "verifier_error": "Our own verifier failed on it; that is logged, and never a pass.",
    "evidence_removed": "Its bytes were removed, and cannot be read again.",
    "evidence_missing": "Its bytes are missing, and cannot be read again.",
    "evidence_corrupt": "Its bytes are not what was stored.",
    "envelope_missing": "Its envelope cannot be found in its document any more.",
}
MEANINGS: Final = {
    **_OF_FORM, **_OF_TIME, **_OF_CERTIFICATES, **_OF_LOGS, **_OF_SIGNATURES, **_OF_SIGNERS, **_OF_CLAIMS,
    **_OF_EXPECTATIONS, **_OF_US,
}  # fmt: skip
STEPS: Final = (
    "strict JSON", "shape of the envelope", "a trusted time", "chain of certificates", "certificate logged",
    "entry in the log", "entry about this", "the signature", "what was signed", "its subject", "its predicate",
    "who signed", "certificate against payload", "expectations of the signer", "declared compromises",
)  # fmt: skip
"""Of step 1 and on, in a few words."""


def meaning_of(code: str) -> str:
    """Return the sentence; a code that is new here is written as it is."""
    return MEANINGS.get(code, code.replace("_", " "))


def step_words(number: int | None) -> str:
    """Return what the step is about; '' for none."""
    return STEPS[number - 1] if number is not None and 0 < number <= len(STEPS) else ""


@dataclass(frozen=True, slots=True)
class Why:
    """A code with its meaning, and what was expected and found where it compares the two."""

    code: str
    meaning: str
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What was judged of an attestation, as a page tells it. `step` is what it stopped at, in words."""

    verdict: str
    whys: Sequence[Why]
    message: str
    step: str
    signer: str
    evaluated_at: datetime | None

    @classmethod
    def of(cls, found: Judgement | None) -> Judged | None:
        if found is None:
            return None
        differences = {one.code: one for one in found.differences}
        whys = [Why(code, meaning_of(code), differences.get(code)) for code in found.codes]
        step = step_words(found.stopped_at)
        return cls(found.verdict, whys, found.message, step, found.signer, found.evaluated_at)
