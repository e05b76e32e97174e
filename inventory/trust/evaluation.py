"""What verifying one signature came to: the steps that passed, where it stopped and why, and who signed when.

Three ends (decisions.md, "Trust and policy words"): valid, failed (something that was said is not so) and unsupported
(signed, but we cannot judge). Only the first may become a pass, and only after the expectations of somebody who trusts
the signer were met.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.trust.outcomes import Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.identity.digests import Digest
    from inventory.trust.claims import CertificateClaims


class Step(enum.IntEnum):
    """The steps of verification, in their order (domain.md, D1). Stored: keep the numbers."""

    STRICT_JSON = 1
    CONTAINER = 2
    SIGNED_TIME = 3
    CHAIN = 4
    CERTIFICATE_LOGGED = 5
    LOG_INCLUSION = 6
    LOG_BODY = 7
    SIGNATURE = 8
    PAYLOAD = 9
    SUBJECT = 10
    PREDICATE = 11
    IDENTITY = 12
    CLAIMS = 13
    EXPECTATIONS = 14
    COMPROMISE = 15


class VerificationError(Exception):
    """Something that was said is not so: the signature proves nothing."""

    def __init__(self, step: Step, code: str, message: str) -> None:
        super().__init__(message)
        self.step = step
        self.code = code
        self.message = message


class UnsupportedError(VerificationError):
    """We cannot judge: the kind of entry, the root, the key or the time is none that we know."""


@dataclass(slots=True)
class Evaluation:
    """One signature, judged. `steps` passed, in order; `not_checked` are steps that this root or key cannot have."""

    outcome: Outcome = Outcome.UNSUPPORTED
    steps: list[Step] = field(default_factory=list)
    not_checked: list[Step] = field(default_factory=list)
    stopped_at: Step | None = None
    code: str = ""
    message: str = ""
    root_version: str = ""
    """SHA-256 of the root of trust that was used."""
    envelope_digest: str = ""
    """SHA-256 of the bytes that were verified."""
    claims: CertificateClaims | None = None
    """Who signed, as the certificate has it; None for a bare key."""
    key_fingerprint: str = ""
    """SHA-256 of the signing key's SubjectPublicKeyInfo."""
    signed_at: datetime | None = None
    """The earliest proven time; None for a bare key without timestamp."""
    payload_type: str = ""
    payload: bytes = b""
    """The very bytes that were verified; empty unless the signature is valid."""
    digests: tuple[Digest, ...] = ()
    """Of a message signature: the digest that was signed."""

    def passed(self, step: Step) -> None:
        """Note a step that passed."""
        self.steps.append(step)

    def stop(self, error: VerificationError) -> Evaluation:
        """Note where it stopped, and forget what nothing proves now."""
        self.outcome = Outcome.UNSUPPORTED if isinstance(error, UnsupportedError) else Outcome.FAILED
        self.stopped_at, self.code, self.message = error.step, error.code, error.message
        self.payload, self.digests = b"", ()
        return self
