"""Every journey runs under the roles of web and worker; this one asks the database whether that is so."""

import time

from django.conf import settings
from django.db import connection

from supplychain.env import database
from tests.factories import cyclonedx
from tests.flows.conftest import KeyMaker

_CONNECTED = """
SELECT usename FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def test_the_processes_of_a_site_are_nobody_but_their_own_role(new_key: KeyMaker):
    client = new_key("team-a", "evidence:write")
    roles = {database(address)["USER"] for address in settings.DATABASE_ROLES.values()}
    assert len(roles) == 2, "./run test gives each process a role of its own"

    seen: set[str] = set()
    deadline = time.monotonic() + 90
    number = 0
    while not seen >= roles and time.monotonic() < deadline:  # a worker closes its connection after each document
        number += 1
        assert client.post("/api/v1/evidence", cyclonedx(f"pkg:npm/a@{number}")).status == 202
        seen |= connected()

    assert seen == roles


def connected() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_CONNECTED)
        return {name for (name,) in cursor.fetchall()}
