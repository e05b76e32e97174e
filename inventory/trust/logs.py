"""Step 6: the entry is in the log: its path leads to a root hash that the log signed. Primitives are sigstore's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore.errors import VerificationError as SigstoreError

from inventory.trust.evaluation import Step, UnsupportedError, VerificationError
from inventory.trust.times import find_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from inventory.trust.material import InclusionProof, LogEntry
    from inventory.trust.roots import RootOfTrust

_PROMISE_IS_ENOUGH: Final = "0.1"
"""The bundle version that came before inclusion proofs were required."""


def check_included(entries: Sequence[LogEntry], *, version: str, times: Sequence[datetime], root: RootOfTrust) -> bool:
    """Hold each entry to its log; False where this root has no log, and so none is asked for.

    A promise was held to before (step 3). Raises VerificationError `tlog_missing`, `inclusion_missing`,
    `inclusion_invalid`, `log_not_valid_then`; UnsupportedError `log_unknown`.
    """
    if not root.logs:
        if entries:
            raise UnsupportedError(Step.LOG_INCLUSION, "log_unknown", "This root of trust knows no log.")
        return False
    if not entries:
        raise VerificationError(Step.LOG_INCLUSION, "tlog_missing", "It is in no log, and this root asks for one.")
    for entry in entries:
        _check_entry(entry, version=version, times=times, root=root)
    return True


def _check_entry(entry: LogEntry, *, version: str, times: Sequence[datetime], root: RootOfTrust) -> None:
    log = next(find_log(entry, root=root, at=at) for at in times)
    proof = entry.proof
    if proof is None:
        if version != _PROMISE_IS_ENOUGH or not entry.promise:
            raise VerificationError(Step.LOG_INCLUSION, "inclusion_missing", "A log entry has no proof of inclusion.")
        return
    if proof.log_index >= proof.tree_size:
        raise VerificationError(Step.LOG_INCLUSION, "inclusion_invalid", "The entry lies outside of the tree.")
    whole = _as_sigstore(entry, proof)
    try:
        verify_merkle_inclusion(whole)
        verify_checkpoint(log.keyring, whole)
    except (SigstoreError, ValueError) as error:
        raise VerificationError(Step.LOG_INCLUSION, "inclusion_invalid", str(error)[:300]) from error


def _as_sigstore(entry: LogEntry, proof: InclusionProof) -> Any:
    """Hand an entry to sigstore's functions, which read these members of their own model and no others."""
    return SimpleNamespace(
        _inner=SimpleNamespace(
            canonicalized_body=entry.body,
            log_id=SimpleNamespace(key_id=entry.log_id),
            inclusion_proof=SimpleNamespace(
                log_index=proof.log_index,
                tree_size=proof.tree_size,
                root_hash=proof.root_hash,
                hashes=list(proof.hashes),
                checkpoint=SimpleNamespace(envelope=proof.checkpoint) if proof.checkpoint else None,
            ),
        )
    )
