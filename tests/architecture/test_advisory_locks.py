"""Advisory locks of two numbers share one space: who takes another's first number waits for it, or passes it over."""

from inventory.ingest import advisories_sql, findings, queue_sql
from inventory.verification import due_sql
from supplychain.database import asked


def test_each_kind_of_advisory_lock_has_a_number_of_its_own() -> None:
    question = int(asked.IS_MARKED.partition("pg_try_advisory_lock(")[2].partition(",")[0])
    numbers = [
        advisories_sql.ADVISORY_LANE,
        due_sql.ATTESTATION,
        due_sql.LANE,
        findings.FILE_LANE,
        queue_sql.BESIDE,
        queue_sql.LARGE_LANE,
        question,
    ]

    assert len(set(numbers)) == len(numbers)
