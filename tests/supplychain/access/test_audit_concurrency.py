import threading

import pytest
from django.db import connection, transaction

from supplychain.access import audit
from supplychain.access.actors import system_actor
from supplychain.access.models import AuditEvent

WRITERS, EACH = 4, 25


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain_without_gaps_or_forks():
    def write(name: str) -> None:
        try:
            for number in range(EACH):
                with transaction.atomic():
                    audit.record(system_actor(name), "thing.done", subject=f"{name}:{number}", details={})
                    # Every third work fails after it was recorded: its number must be used again.
                    transaction.set_rollback(number % 3 == 2)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(f"writer-{n}",)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    verdict = audit.verify()
    kept = WRITERS * sum(number % 3 != 2 for number in range(EACH))
    assert verdict.is_intact
    assert verdict.checked_count == AuditEvent.objects.count() == kept
