"""Who may touch the bytes of a digest: writers of a row that names them together, whoever removes them alone.

The database takes the shared lock itself for whoever adds a row (migration 0012).
"""

from __future__ import annotations

from django.db import connection


def share(digest: str) -> None:
    """Keep the bytes of a digest from being removed until the transaction ends."""
    _lock("SELECT pg_advisory_xact_lock_shared(%s)", digest)


def own(digest: str) -> None:
    """Keep every other transaction from relying on the bytes of a digest until this one ends."""
    _lock("SELECT pg_advisory_xact_lock(%s)", digest)


def _lock(sql: str, digest: str) -> None:
    key = int.from_bytes(bytes.fromhex(digest.removeprefix("sha256:")[:16]), "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])
