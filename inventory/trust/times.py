"""Step 3: when it was signed, by somebody else's word: a timestamp authority, or the promise of a log.

A certificate lives ten minutes, so all of its trust hangs on this. A time that nobody signed counts as none.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import rfc8785
from rfc3161_client import TimeStampResponse, VerifierBuilder, decode_timestamp_response
from rfc3161_client import VerificationError as TimestampError
from sigstore._utils import KeyID
from sigstore.errors import VerificationError as KeyringError

from inventory.trust.evaluation import Step, UnsupportedError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.trust.material import LogEntry
    from inventory.trust.roots import Authority, Log, RootOfTrust

CLOCK_SKEW: Final = timedelta(minutes=5)
_PROMISED: Final = frozenset(
    {("hashedrekord", "0.0.1"), ("dsse", "0.0.1"), ("intoto", "0.0.1"), ("intoto", "0.0.2"), ("rekord", "0.0.1")}
)
"""Kinds of the first log, which alone signs a time. A promise in an entry of another kind is not what it seems."""


def signed_times(
    timestamps: Sequence[bytes], *, signature: bytes, entries: Sequence[LogEntry], root: RootOfTrust, now: datetime
) -> list[datetime]:
    """Return every proven time, at least one.

    Raises VerificationError `tsa_untrusted` (a timestamp that does not hold), `set_invalid`, `time_future`,
    `duplicate_timestamp`; UnsupportedError `tsa_unknown`, `log_unknown`, `no_trusted_time`.
    """
    if len(set(timestamps)) != len(timestamps):
        raise VerificationError(Step.SIGNED_TIME, "duplicate_timestamp", "The same timestamp stands there twice.")
    times = [_stamped(stamp, signature=signature, root=root) for stamp in timestamps]
    times += [promised for entry in entries if (promised := _promised(entry, root=root)) is not None]
    if not times:
        raise UnsupportedError(Step.SIGNED_TIME, "no_trusted_time", "Nobody we know says when it was signed.")
    if max(times) > now + CLOCK_SKEW:
        raise VerificationError(Step.SIGNED_TIME, "time_future", f"It was signed at {max(times).isoformat()}.")
    return times


def _stamped(stamp: bytes, *, signature: bytes, root: RootOfTrust) -> datetime:
    """Return the time of an RFC 3161 timestamp over the signature, by an authority that was valid then."""
    if not root.timestamp_authorities:
        raise UnsupportedError(Step.SIGNED_TIME, "tsa_unknown", "This root of trust knows no timestamp authority.")
    try:
        response = decode_timestamp_response(stamp)
    except ValueError as error:
        raise VerificationError(Step.SIGNED_TIME, "tsa_untrusted", "A timestamp cannot be read.") from error
    at: datetime = response.tst_info.gen_time
    for authority in root.timestamp_authorities:
        if authority.is_valid_at(at) and _is_stamp_of(authority, response, signature):
            return at
    message = "A timestamp is of no authority that this root believed then, or of another signature."
    raise VerificationError(Step.SIGNED_TIME, "tsa_untrusted", message)


def _is_stamp_of(authority: Authority, response: TimeStampResponse, signature: bytes) -> bool:
    if len(authority.chain) < 2:
        return False
    builder = VerifierBuilder().tsa_certificate(authority.chain[0]).add_root_certificate(authority.chain[-1])
    for certificate in authority.chain[1:-1]:
        builder = builder.add_intermediate_certificate(certificate)
    try:
        return bool(builder.build().verify_message(response, signature))
    except TimestampError:
        return False


def _promised(entry: LogEntry, *, root: RootOfTrust) -> datetime | None:
    """Return the time a log promised to include an entry, where it did; its promise must hold."""
    if not entry.promise:
        return None
    if (entry.kind, entry.version) not in _PROMISED:
        message = f"Entries of kind {entry.kind[:40]} {entry.version[:20]} have no time that a promise signs."
        raise UnsupportedError(Step.SIGNED_TIME, "log_entry_unsupported", message)
    try:
        at = datetime.fromtimestamp(entry.integrated_at, tz=UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise VerificationError(Step.SIGNED_TIME, "time_future", "A log entry's time is out of range.") from error
    log = find_log(entry, root=root, at=at)
    promised: dict[str, str | int] = {
        "body": b64encode(entry.body).decode("ascii"),
        "integratedTime": entry.integrated_at,
        "logID": entry.log_id.hex(),
        "logIndex": entry.log_index,
    }
    try:
        log.keyring.verify(key_id=KeyID(entry.log_id), signature=entry.promise, data=rfc8785.dumps(promised))
    except (KeyringError, rfc8785.CanonicalizationError) as error:
        message = "The log's promise does not sign this entry, or not this time."
        raise VerificationError(Step.SIGNED_TIME, "set_invalid", message) from error
    return at


def find_log(entry: LogEntry, *, root: RootOfTrust, at: datetime) -> Log:
    """Return the log an entry names. Raises UnsupportedError `log_unknown`, VerificationError `log_not_valid_then`."""
    named = [log for log in root.logs if entry.log_id in log.ids]
    if not named:
        message = f"The log {entry.log_id.hex()[:16]} is none that this root of trust knows."
        raise UnsupportedError(Step.LOG_INCLUSION, "log_unknown", message)
    valid = next((log for log in named if log.is_valid_at(at)), None)
    if valid is None:
        message = f"The log's key was not to be believed at {at.isoformat()}."
        raise VerificationError(Step.LOG_INCLUSION, "log_not_valid_then", message)
    return valid
