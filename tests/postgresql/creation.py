"""Test databases as copies of one that was migrated once: the migrations take longer than many a folder of tests."""

import hashlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.db.backends.postgresql import creation
from django.db.migrations.loader import MigrationLoader

_LOCK: Final = 7_104_209_113
_PREFIX: Final = "test_template_"


class DatabaseCreation(creation.DatabaseCreation):
    if TYPE_CHECKING:  # Django's own, which its stubs do not know
        _database_exists: Any
        _nodb_cursor: Any
        _quote_name: Any

    def create_test_db(
        self, verbosity: int = 1, autoclobber: bool = False, serialize: Any = True, keepdb: bool = False
    ) -> str:
        template = f"{_PREFIX}{_digest_of_migrations()}"
        with self._nodb_cursor() as cursor:
            # Until this connection is closed: who comes second waits and takes a copy.
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            is_there = self._database_exists(cursor, template)
            if is_there:
                self.connection.settings_dict["TEST"]["TEMPLATE"] = template
            name: str = super().create_test_db(verbosity, autoclobber, serialize, keepdb)
            if not is_there and not keepdb:
                self._keep_as(cursor, template, of=name)
        self.connection.ensure_connection()
        return name

    def _keep_as(self, cursor: Any, template: str, *, of: str) -> None:
        """Copy a database that was just migrated, and drop the copies of other migrations."""
        self.connection.close()
        self.connection.close_pool()
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_PREFIX])
        for (old,) in cursor.fetchall():
            cursor.execute(f"DROP DATABASE {self._quote_name(old)}")
        cursor.execute(f"CREATE DATABASE {self._quote_name(template)} TEMPLATE {self._quote_name(of)}")


def _digest_of_migrations() -> str:
    """Return a digest of the source of every migration, those of installed packages too."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    digest = hashlib.sha256()
    for key, migration in sorted(loader.disk_migrations.items()):
        digest.update(f"{key} ".encode())
        digest.update(Path(inspect.getfile(type(migration))).read_bytes())
    return digest.hexdigest()[:16]
