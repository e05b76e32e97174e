"""The database backend of the tests (`ENGINE = "tests.postgresql"`).

Django empties all tables after a transactional test with one TRUNCATE, which the audit log refuses by trigger. Here
that one trigger sleeps for that one statement. It also locks all tables, and meets the site of a journey in a deadlock
when that still reads them: then it is done again.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.db import OperationalError
from django.db.backends.postgresql import operations
from django.db.transaction import atomic

from supplychain.database.engine import base

_SLEEP = "ALTER TABLE access_auditevent DISABLE TRIGGER audit_event_no_truncate"
_TRIES: Final = 10
_WAKE = "ALTER TABLE access_auditevent ENABLE TRIGGER audit_event_no_truncate"


class DatabaseOperations(operations.DatabaseOperations):
    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        statements = (_SLEEP, *sql_list, _WAKE)
        for left in reversed(range(_TRIES)):
            try:
                self._execute(statements)
            except OperationalError:
                if not left:
                    raise
            else:
                return

    def _execute(self, statements: Iterable[str]) -> None:
        with atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class: Any = DatabaseOperations
