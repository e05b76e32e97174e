"""Advisory locks of two numbers share one space: who takes another's first number waits for it, or passes it over."""

from inventory.ingest import advisories_sql, findings, queue_sql
from inventory.verification import due_sql


def test_each_kind_of_advisory_lock_has_a_number_of_its_own() -> None:
    numbers = [
        advisories_sql.ADVISORY_LANE,
        due_sql.ATTESTATION,
        due_sql.LANE,
        findings.FILE_LANE,
        queue_sql.LARGE_LANE,
    ]

    assert len(set(numbers)) == len(numbers)
