"""The backend: Django's, but for the pool, and for how instants are read."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from supplychain.database.engine.pool import LatestFirstPool, check
from supplychain.database.engine.times import with_instants
from supplychain.prepared import learn

if TYPE_CHECKING:
    import psycopg


class DatabaseWrapper(base.DatabaseWrapper):
    if TYPE_CHECKING:  # Django's own, which its stubs do not know
        _connection_pools: ClassVar[dict[str, LatestFirstPool]]

        def _configure_connection(self, connection: psycopg.Connection[Any]) -> None: ...

    @property
    def pool(self) -> LatestFirstPool | None:
        """Return the pool of this address, as Django does, of our class and with our check."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            pool = LatestFirstPool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._make_ready,
                check=check,
                **options,
            )
            self._connection_pools.setdefault(self.alias, pool)  # several threads may come at once
        return self._connection_pools[self.alias]

    def get_connection_params(self) -> dict[str, Any]:
        """Return what a connection is opened with, as Django does; it reads instants our way."""
        parameters = super().get_connection_params()
        if self.timezone is UTC:
            parameters["context"] = with_instants(parameters["context"])
        return parameters

    def _make_ready(self, connection: psycopg.Connection[Any]) -> None:
        self._configure_connection(connection)
        learn(connection)
