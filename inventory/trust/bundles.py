"""Verifies one signature, steps 1 to 8: whoever signed, did so at a proven time, in the logs, over these bytes.

The order is the specification's (Sigstore client specification, section 4) but for the signature itself, which costs
little and is held to before what it leads to is compared. What it means is for steps 9 to 15.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.attestations.dsse import pae
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.identity.digests import Digest
from inventory.trust.chains import check_chain, check_logged, load_certificate, require_known_issuer
from inventory.trust.claims import read_claims
from inventory.trust.evaluation import Evaluation, Step, UnsupportedError, VerificationError
from inventory.trust.keys import find_key
from inventory.trust.log_bodies import check_bodies
from inventory.trust.logs import check_included
from inventory.trust.material import EnvelopeContent, PlainContent, read_material
from inventory.trust.outcomes import Outcome
from inventory.trust.signatures import check_bytes, check_digest, fingerprint, require_signing_key, spki
from inventory.trust.times import signed_times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from inventory.trust.material import Material
    from inventory.trust.roots import RootOfTrust
    from inventory.trust.signatures import SigningKey

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verifier:
    """What signatures are held to: one root of trust, and the registered keys by name. All are tried."""

    root: RootOfTrust
    keys: Mapping[str, SigningKey]
    now: datetime


def verify_bundle(data: bytes, *, verifier: Verifier) -> Evaluation:
    """Judge a bundle. Never raises for what a document holds: an error that nobody foresaw is no pass."""
    return verify_material(data, lambda: read_material(data, limits=DEFAULT_LIMITS), verifier=verifier)


def verify_material(data: bytes, read: Callable[[], Material], *, verifier: Verifier) -> Evaluation:
    """Judge what `read` takes apart of an envelope's bytes; see `verify_bundle`."""
    evaluation = Evaluation(
        root_version=verifier.root.version, envelope_digest=f"sha256:{hashlib.sha256(data).hexdigest()}"
    )
    try:
        material = read()
        evaluation.passed(Step.STRICT_JSON)
        evaluation.passed(Step.CONTAINER)
        _verify(material, evaluation, verifier=verifier)
    except VerificationError as error:
        return evaluation.stop(error)
    except FormatError as error:
        return evaluation.stop(VerificationError(Step.CONTAINER, "bundle_shape", f"{error.code}: {error.message}"))
    except Exception as error:  # a library's surprise must not leave a half-judged signature (gitsign CVE-2024-51746)
        logger.exception("A signature could not be judged.")
        reason = UnsupportedError(_next(evaluation), "verifier_error", f"Unexpected: {type(error).__name__}.")
        return evaluation.stop(reason)
    evaluation.outcome = Outcome.VALID
    return evaluation


def _verify(material: Material, evaluation: Evaluation, *, verifier: Verifier) -> None:
    content, root = material.content, verifier.root
    if not material.certificate:
        _verify_by_key(material, evaluation, verifier=verifier)
        return
    certificate = load_certificate(material.certificate)
    require_known_issuer(certificate, root=root)
    times = signed_times(
        material.timestamps, signature=content.signature, entries=material.entries, root=root, now=verifier.now
    )
    evaluation.signed_at = min(times)
    evaluation.passed(Step.SIGNED_TIME)
    chain = check_chain(certificate, times=times, root=root)
    evaluation.passed(Step.CHAIN)
    _note(evaluation, Step.CERTIFICATE_LOGGED, was_checked=check_logged(certificate, chain, root=root))
    was_logged = check_included(material.entries, version=material.version, times=times, root=root)
    _note(evaluation, Step.LOG_INCLUSION, was_checked=was_logged)
    check_bodies(material.entries, content=content, verifier=material.certificate)
    _note(evaluation, Step.LOG_BODY, was_checked=was_logged)
    key = require_signing_key(certificate.public_key())
    _check_signature(key, material, evaluation)
    evaluation.claims = read_claims(certificate)
    evaluation.key_fingerprint = fingerprint(key)


def _verify_by_key(material: Material, evaluation: Evaluation, *, verifier: Verifier) -> None:
    """Judge what a bare key signed. Without a proven time there is no time: rules that need one fail."""
    key = find_key(material, keys=verifier.keys)
    if material.timestamps or any(entry.promise for entry in material.entries):
        times = signed_times(
            material.timestamps,
            signature=material.content.signature,
            entries=material.entries,
            root=verifier.root,
            now=verifier.now,
        )
        evaluation.signed_at = min(times)
        evaluation.passed(Step.SIGNED_TIME)
        if material.entries:
            check_included(material.entries, version=material.version, times=times, root=verifier.root)
            evaluation.passed(Step.LOG_INCLUSION)
    else:
        evaluation.not_checked += [Step.SIGNED_TIME, Step.LOG_INCLUSION]
    evaluation.not_checked += [Step.CHAIN, Step.CERTIFICATE_LOGGED]
    check_bodies(material.entries, content=material.content, verifier=spki(key))
    _note(evaluation, Step.LOG_BODY, was_checked=bool(material.entries))
    _check_signature(key, material, evaluation)
    evaluation.key_fingerprint = fingerprint(key)


def _check_signature(key: SigningKey, material: Material, evaluation: Evaluation) -> None:
    """Hold the signature to the content; only now is the content anybody's word."""
    content = material.content
    if isinstance(content, EnvelopeContent):
        check_bytes(key, content.signature, pae(content.payload_type, content.payload))
        evaluation.payload_type, evaluation.payload = content.payload_type, content.payload
    elif isinstance(content, PlainContent):
        check_bytes(key, content.signature, content.payload)
        evaluation.payload_type, evaluation.payload = content.payload_type, content.payload
    else:
        check_digest(key, content.signature, content.digest, algorithm=content.algorithm)
        evaluation.digests = (Digest(content.algorithm, content.digest.hex()),)
    evaluation.passed(Step.SIGNATURE)


def _note(evaluation: Evaluation, step: Step, *, was_checked: bool) -> None:
    if was_checked:
        evaluation.passed(step)
    else:
        evaluation.not_checked.append(step)


def _next(evaluation: Evaluation) -> Step:
    """Return the step that came to no end."""
    done = max([*evaluation.steps, *evaluation.not_checked], default=0)
    return Step(min(done + 1, Step.COMPROMISE))
