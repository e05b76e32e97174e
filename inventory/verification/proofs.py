"""What the cryptography of one signature came to, as it is kept and taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.trust.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inventory.trust.facts import Proven


@dataclass(frozen=True, slots=True)
class Proof:
    """One signature, steps 1 to 10 and 13. `root_id` is the root's version by which it was judged, `roots` all tried.

    `position` is the signature's in its envelope; None where there is none.
    """

    proven: Proven
    steps: tuple[int, ...] = ()
    not_checked: tuple[int, ...] = ()
    stopped_at: int | None = None
    message: str = ""
    root_id: int | None = None
    roots: tuple[int, ...] = ()
    position: int | None = None
    valid_signer_count: int | None = None
    """Different signers with a good signature over the same; None where an older evaluation did not count."""


def signers_of(proofs: Iterable[Proof]) -> frozenset[str]:
    """Return who has a good signature: the same key twice is one signer (sigstore-go CVE-2026-49834)."""
    valid = [one.proven for one in proofs if one.proven.outcome is Outcome.VALID]
    return frozenset(one.identity or one.key_fingerprint for one in valid)
