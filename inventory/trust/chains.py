"""Steps 4 and 5: the certificate leads to an authority we believe, at the time of signing, and was itself logged.

Every certificate of the chain must be valid then, intermediates too. What a bundle brings of its own is not used.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store
from cryptography.x509.verification import VerificationError as ChainError
from sigstore._internal.sct import verify_sct
from sigstore.errors import VerificationError as SigstoreError

from inventory.trust.evaluation import Step, UnsupportedError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from inventory.trust.roots import Authority, RootOfTrust

Chain = list[x509.Certificate]

_CODE_SIGNING: Final = ExtendedKeyUsageOID.CODE_SIGNING


def load_certificate(data: bytes) -> x509.Certificate:
    """Return the leaf. Raises VerificationError `certificate_unreadable`, `not_a_signing_certificate`."""
    try:
        certificate = x509.load_der_x509_certificate(data)
        extensions = certificate.extensions
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise VerificationError(Step.CHAIN, "certificate_unreadable", "The certificate cannot be read.") from error
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound as error:
        raise _no_signer("It does not say what its key is for.") from error
    if not usage.digital_signature or _CODE_SIGNING not in extended:
        raise _no_signer("Its key is not for signing code.")
    return certificate


def require_known_issuer(certificate: x509.Certificate, *, root: RootOfTrust) -> None:
    """Tell a certificate of another instance, which this root cannot judge, from a bad one of this instance.

    Raises UnsupportedError `root_unknown`.
    """
    issuers = {part.subject for authority in root.authorities for part in authority.chain}
    if certificate.issuer not in issuers:
        message = "The certificate is of an authority that this root of trust does not know."
        raise UnsupportedError(Step.CHAIN, "root_unknown", message)


def check_chain(certificate: x509.Certificate, *, times: Sequence[datetime], root: RootOfTrust) -> Chain:
    """Return the chain above the leaf, lowest first, which holds at each of the times.

    Raises VerificationError `chain_invalid`, `cert_not_valid_at_signing`.
    """
    chains = [_chain_at(certificate, at, root=root) for at in times]
    return chains[0]


def check_logged(certificate: x509.Certificate, chain: Chain, *, root: RootOfTrust) -> bool:
    """Hold the certificate to its signed timestamp of a certificate log; False where this root has no such log.

    Raises VerificationError `sct_invalid`, UnsupportedError `sct_log_unknown`.
    """
    if not root.certificate_logs:
        return False
    try:
        stamps = certificate.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    except x509.ExtensionNotFound as error:
        raise VerificationError(Step.CERTIFICATE_LOGGED, "sct_invalid", "The certificate was not logged.") from error
    if len(stamps) != 1:
        raise VerificationError(Step.CERTIFICATE_LOGGED, "sct_invalid", f"It has {len(stamps)} log timestamps.")
    at = stamps[0].timestamp.replace(tzinfo=UTC)
    named = [log for log in root.certificate_logs if stamps[0].log_id in log.ids]
    if not named:
        message = "The certificate was logged in a log that this root of trust does not know."
        raise UnsupportedError(Step.CERTIFICATE_LOGGED, "sct_log_unknown", message)
    valid = next((log for log in named if log.is_valid_at(at)), None)
    if valid is None:
        raise VerificationError(Step.CERTIFICATE_LOGGED, "sct_invalid", "The log's key was not to be believed then.")
    try:
        verify_sct(certificate, chain, valid.keyring)
    except (SigstoreError, ValueError) as error:
        raise VerificationError(Step.CERTIFICATE_LOGGED, "sct_invalid", str(error)[:300]) from error
    return True


def _chain_at(certificate: x509.Certificate, at: datetime, *, root: RootOfTrust) -> Chain:
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        message = (
            f"It was signed at {at.isoformat()}; the certificate is valid from "
            f"{certificate.not_valid_before_utc.isoformat()} to {certificate.not_valid_after_utc.isoformat()}."
        )
        raise VerificationError(Step.CHAIN, "cert_not_valid_at_signing", message)
    reason = "No authority of this root was to be believed then."
    for authority in root.authorities:
        if not authority.is_valid_at(at):
            continue
        try:
            return _built(certificate, authority, at)
        except (ChainError, x509.UnsupportedGeneralNameType, ValueError) as error:
            reason = str(error)[:300]
    raise VerificationError(Step.CHAIN, "chain_invalid", f"The certificate leads to no authority: {reason}")


def _built(certificate: x509.Certificate, authority: Authority, at: datetime) -> Chain:
    """Build the chain to the authority's root, all of it valid at an instant.

    The usual policy of client certificates wants them for TLS; Fulcio's are for code, which `load_certificate` holds.
    """
    any_use = (x509.ExtendedKeyUsage, Criticality.NON_CRITICAL, None)
    verifier = (
        PolicyBuilder()
        .store(Store([authority.chain[-1]]))
        .time(at)
        .extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca().may_be_present(*any_use),
            ee_policy=ExtensionPolicy.webpki_defaults_ee().may_be_present(*any_use),
        )
        .build_client_verifier()
    )
    chain = list(verifier.verify(certificate, list(authority.chain[:-1])).chain[1:])
    for part in chain:
        if not part.not_valid_before_utc <= at <= part.not_valid_after_utc:
            raise ValueError(f"{part.subject.rfc4514_string()} was not valid then")
    return chain


def _no_signer(message: str) -> VerificationError:
    return VerificationError(Step.CHAIN, "not_a_signing_certificate", message)
