"""The database backend of the tests (`ENGINE = "tests.postgresql"`).

Django empties all tables after a transactional test with one TRUNCATE, which makes new files for 110 tables and their
500 indexes and takes longer than most tests. Here only what has rows is emptied, row by row and past all triggers: the
audit log refuses both, as it should elsewhere. Where it meets the site of a journey in a deadlock, it is done again.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.core.management.color import Style
from django.db import OperationalError
from django.db.backends.postgresql import operations
from django.db.transaction import atomic

from supplychain.database.engine import base
from tests.postgresql.creation import DatabaseCreation

_PAST_TRIGGERS = "SET LOCAL session_replication_role = replica"
_REMEMBERED: Final = frozenset({"inventory_artifact", "inventory_component"})
"""What a process remembers of these holds as long as they are in the same files (incidents/impact/remembered.py)."""
_AS_NEW: Final = """
UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relkind = 'r' AND oid = ANY(%s::text[]::regclass[])
"""
"""Of a vacuumed empty table the planner believes that it stays empty; of a new one it expects ten pages."""
_EMPTIES: Final = re.compile(r'\ADELETE FROM "(\w+)"\Z')
_MADE_ONCE: Final = frozenset({"django_content_type", "auth_permission"})
"""Made by the migrations (tests/conftest.py tells Django not to make them again) and written by nobody else."""
_MARKS: Final = "inventory_estatechange"
_FIRST_MARKS: Final = f"""
INSERT INTO {_MARKS} (token, kind, writer)
SELECT gen_random_uuid(), kind, 0 FROM unnest(ARRAY['present', 'past', 'labels', 'bases']) AS kind
WHERE NOT EXISTS (SELECT FROM {_MARKS})
"""
"""What a new database holds of them (migration 0010): without one of a kind nothing of that kind is remembered."""
_TRIES: Final = 10


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(
        self, style: Style, tables: Sequence[str], *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        if reset_sequences:
            return super().sql_flush(style, tables, reset_sequences=True, allow_cascade=allow_cascade)
        return [f"DELETE FROM {self.quote_name(table)}" for table in self._filled(tables)]

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        statements = list(sql_list)
        for left in reversed(range(_TRIES)):
            try:
                self._execute(statements)
            except OperationalError:
                if not left:
                    raise
            else:
                return

    def _execute(self, statements: list[str]) -> None:
        emptied = [table for sql in statements for table in _EMPTIES.findall(sql)]
        with atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute(_PAST_TRIGGERS)
            for sql in statements:
                cursor.execute(sql)
            cursor.execute(_FIRST_MARKS)  # a test may have taken them away itself
            for table in _REMEMBERED.intersection(emptied):
                cursor.execute(f"CLUSTER {table} USING {table}_pkey")
        if emptied and not self.connection.in_atomic_block:
            with self.connection.cursor() as cursor:
                # Nobody else does (no autovacuum), and sizes should be those of new tables.
                cursor.execute(f"VACUUM {', '.join(map(self.quote_name, emptied))}")
                cursor.execute(_AS_NEW, [emptied])

    def _filled(self, tables: Sequence[str]) -> list[str]:
        asked = [table for table in tables if table not in _MADE_ONCE]
        if not asked:
            return []
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(map(self._asks_for_rows, asked)))
            return [table for (table,) in cursor.fetchall()]

    def _asks_for_rows(self, table: str) -> str:
        return f"SELECT '{table}' WHERE EXISTS (SELECT FROM {self.quote_name(table)})"


class DatabaseWrapper(base.DatabaseWrapper):
    creation_class: Any = DatabaseCreation
    ops_class: Any = DatabaseOperations
