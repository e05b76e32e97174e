"""A root of trust: whose certificates, logs and timestamps we believe, and when. Sigstore's trusted_root.json.

Versioned by its bytes: an evaluation names the version it was made with. The file is given, never fetched.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cryptography import x509
from sigstore._internal.trust import Keyring
from sigstore_models.trustroot.v1 import TrustedRoot

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAST_INSTANT = datetime.max.replace(tzinfo=UTC)


class BadRootError(ValueError):
    """The file is no root of trust, or one whose parts cannot be read."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority or timestamp authority. `chain` is ordered from the lowest to the root.

    Of a timestamp authority the lowest is the one that signs.
    """

    chain: tuple[x509.Certificate, ...]
    start: datetime
    end: datetime

    def is_valid_at(self, at: datetime) -> bool:
        """Tell whether it may be believed at an instant; both ends count (protobuf-specs, TimeRange)."""
        return self.start <= at <= self.end


@dataclass(frozen=True, slots=True)
class Log:
    """A transparency log (of signatures, or of certificates) by the ids under which entries name it."""

    ids: frozenset[bytes]
    keyring: Any
    start: datetime
    end: datetime

    def is_valid_at(self, at: datetime) -> bool:
        """Tell whether its key may be believed at an instant; both ends count."""
        return self.start <= at <= self.end


@dataclass(frozen=True, slots=True)
class RootOfTrust:
    """What one version of a root of trust believes. `version` is the SHA-256 of its bytes."""

    version: str
    authorities: tuple[Authority, ...]
    timestamp_authorities: tuple[Authority, ...]
    logs: tuple[Log, ...]
    certificate_logs: tuple[Log, ...]


NO_ROOT = RootOfTrust("", (), (), (), ())
"""Believes nobody: what is left where no root of trust is active. Registered keys need none."""


def load_root(data: bytes) -> RootOfTrust:
    """Read a trusted_root.json. A part without the instant from which it is valid is never valid.

    Raises BadRootError.
    """
    try:
        root = TrustedRoot.from_json(data)
        return RootOfTrust(
            version=f"sha256:{hashlib.sha256(data).hexdigest()}",
            authorities=tuple(_authorities(root.certificate_authorities)),
            timestamp_authorities=tuple(_authorities(root.timestamp_authorities)),
            logs=tuple(_logs(root.tlogs)),
            certificate_logs=tuple(_logs(root.ctlogs)),
        )
    except (ValueError, x509.InvalidVersion) as error:
        raise BadRootError(f"This is no root of trust: {str(error)[:300]}") from error


def _authorities(listed: Iterable[Any]) -> Iterable[Authority]:
    for authority in listed:
        chain = tuple(x509.load_der_x509_certificate(part.raw_bytes) for part in authority.cert_chain.certificates)
        if not chain:
            raise BadRootError("An authority has no certificate.")
        valid = authority.valid_for
        yield Authority(chain, _instant(valid.start), _instant(valid.end or _LAST_INSTANT))


def _logs(listed: Iterable[Any]) -> Iterable[Log]:
    for log in listed:
        valid = log.public_key.valid_for
        ids = {log.log_id.key_id, *([log.checkpoint_key_id.key_id] if log.checkpoint_key_id else [])}
        yield Log(
            ids=frozenset(ids),
            keyring=Keyring([log.public_key]),
            start=_instant(valid.start if valid else _LAST_INSTANT),
            end=_instant((valid.end if valid else None) or _LAST_INSTANT),
        )


def _instant(value: datetime) -> datetime:
    """Return an instant; one without its offset from UTC is none, and cannot be compared with any."""
    if value.tzinfo is None:
        raise BadRootError("A time in it has no offset from UTC.")
    return value
