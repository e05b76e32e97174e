"""The worker's side of the queue: claim a row, do its work in one transaction, write down what became of it.

The row is claimed twice. First `processing` and attempts + 1 are committed, so that a worker that dies in the work has
still used up a try. Then the row lock is taken and held through the one transaction of the work: while it is held the
document is being worked on, and when its holder dies it is free, whatever any clock says.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction

from inventory.formats.detect import detect
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, ImageRecord, ReadWarning, RuntimeRecord
from inventory.formats.schema import SchemaVerdict, check
from inventory.ingest import image, runtime, sbom
from inventory.models import Evidence, EvidenceState, State

if TYPE_CHECKING:
    from inventory.formats.records import Document
    from inventory.ingest.result import Applied

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
OVERDUE_AFTER = timedelta(seconds=10)
MAX_RINGS = 20
"""Rings of one sweep: enough to wake every worker, few enough not to flood the broker."""
MAX_WARNINGS_KEPT = 100

_CLAIM = """
WITH RECURSIVE waiting(team_id) AS (
    (SELECT team_id FROM inventory_evidencestate WHERE state IN ('received', 'processing') ORDER BY team_id LIMIT 1)
    UNION ALL
    SELECT (SELECT s.team_id FROM inventory_evidencestate s
            WHERE s.state IN ('received', 'processing') AND s.team_id > w.team_id ORDER BY s.team_id LIMIT 1)
    FROM waiting w WHERE w.team_id IS NOT NULL
), fairest AS (
    SELECT w.team_id FROM waiting w
    WHERE w.team_id IS NOT NULL
    ORDER BY (SELECT count(*) FROM inventory_evidencestate s
              WHERE s.team_id = w.team_id AND s.state = 'processing' AND s.claimed_at > %(overdue)s), w.team_id
), next AS (
    SELECT n.evidence_id FROM fairest f CROSS JOIN LATERAL (
        SELECT s.evidence_id FROM inventory_evidencestate s
        WHERE s.team_id = f.team_id
          AND (s.state = 'received' AND s.queued_at <= %(now)s OR s.state = 'processing' AND s.claimed_at <= %(overdue)s)
        ORDER BY s.evidence_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) n
    LIMIT 1
)
UPDATE inventory_evidencestate s SET state = 'processing', attempts = s.attempts + 1, claimed_at = %(now)s
FROM next WHERE s.evidence_id = next.evidence_id
RETURNING s.evidence_id, s.attempts
"""
_OVERDUE = """
SELECT count(*) FROM (
    SELECT 1 FROM inventory_evidencestate
    WHERE state = 'received' AND queued_at <= %(overdue)s OR state = 'processing' AND claimed_at <= %(overdue)s
    ORDER BY evidence_id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED) overdue
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row this worker may work on, and which try this is."""

    evidence_id: int
    attempt: int


def process_next() -> bool:
    """Claim the fairest waiting document and work on it; False when nothing waits.

    The next is the oldest of the team with the fewest in work, so that a team's thousand documents delay no other team.
    """
    claim = _claim(now=datetime.now(UTC))
    if claim is None:
        return False
    if claim.attempt > MAX_ATTEMPTS:
        _quarantine(claim, code="worker_died", message=f"{MAX_ATTEMPTS} workers died over this document.")
        return True
    try:
        with transaction.atomic():
            _work(claim, now=datetime.now(UTC))
    except Exception as error:
        logger.exception("A document failed.", extra={"evidence_id": claim.evidence_id, "attempt": claim.attempt})
        _put_back(claim, error=error)
    return True


def count_overdue() -> int:
    """Count documents that waited too long and that no living worker holds, at most MAX_RINGS."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OVERDUE, {"overdue": datetime.now(UTC) - OVERDUE_AFTER, "limit": MAX_RINGS})
        row = cursor.fetchone()
    return int(row[0]) if row else 0
