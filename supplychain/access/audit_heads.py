"""Heads of the audit chain, kept outside the database: only they show that its end was cut off or written anew."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from supplychain.access.audit import AuditHead, read_head

logger = logging.getLogger(__name__)


def export_head(*, at: datetime, file: Path | None) -> AuditHead | None:
    """Write the newest row's sequence and hash to the log, and as a line to the end of a file; None without any row.

    Log and file are kept by somebody else than the database, so that who rewrites one does not reach the other.
    """
    head = read_head()
    if head is None:
        return None
    logger.info(
        "audit head",
        extra={"audit_head": str(head), "audit_sequence": head.sequence, "audit_hash": head.hash},
    )
    if file is not None:
        _append(file, f"{head} {at.astimezone(UTC).isoformat(timespec='seconds').replace('+00:00', 'Z')}\n")
    return head


def parse_head(text: str) -> AuditHead:
    """Read `sequence:hash`. Raises ValueError."""
    sequence, _, digest = text.partition(":")
    is_hash = len(digest) == 64 and not set(digest) - set("0123456789abcdef")
    if not (sequence.isascii() and sequence.isdecimal() and int(sequence) > 0 and is_hash):
        raise ValueError(f"not an audit head (sequence:64 hex digits): {text[:100]!r}")
    return AuditHead(sequence=int(sequence), hash=digest)


def read_heads(file: Path) -> list[AuditHead]:
    """Read all heads of a file that `export_head` wrote. Raises OSError, and ValueError for a line that is none."""
    heads = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            heads.append(parse_head(line.partition(" ")[0]))
        except ValueError as error:
            raise ValueError(f"line {number} of {file}: {error}") from error
    return heads


def _append(file: Path, line: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
