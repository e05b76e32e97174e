"""The two servers behind the product: those the environment names, or embedded ones, shared by all who need them.

Everyone who uses the embedded servers of a state folder holds a share of one lock; who leaves last stops them.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from broker import Valkey
from locks import FileLock
from places import Home
from postgres import Postgres

ROLES = {"DATABASE_WEB_URL": "supplychain_web", "DATABASE_WORKER_URL": "supplychain_worker"}
"""The addresses of an embedded database that are not its owner's: prepare_database makes the roles."""


@dataclass(frozen=True)
class Servers:
    """What a program of ours needs to know: the environment, and whether we are the first to use the servers.

    `cluster` tells an embedded database from others in the same place; None where the database is not ours, and with
    it `postgres`.
    """

    environment: dict[str, str]
    first: bool
    cluster: str | None
    postgres: Postgres | None = None


@contextmanager
def servers(home: Home, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> Iterator[Servers]:
    """Give a block its servers. DATABASE_URL and REDIS_URL are taken when they are set, and then nothing is started."""
    embedded: list[Postgres | Valkey] = []
    postgres: Postgres | None = None
    environment = dict(os.environ)
    if not environment.get("DATABASE_URL"):
        postgres = Postgres(home, durable=durable, settings=settings)
        embedded.append(postgres)
        environment["DATABASE_URL"] = postgres.url
        for name, role in ROLES.items():
            environment[name] = postgres.url_of(role)
    if not environment.get("REDIS_URL"):
        embedded.append(Valkey(home, durable=durable))
        environment["REDIS_URL"] = embedded[-1].url
    environment |= {"SUPPLYCHAIN_LOCAL": "1", "SUPPLYCHAIN_HOME": str(home.path), "PYTHONUNBUFFERED": "1"}
    lock = FileLock(home.file("servers.lock"))
    first = lock.try_take()
    lock.share()
    try:
        for server in embedded:
            server.start()
        cluster = postgres.cluster if postgres else None
        yield Servers(environment=environment, first=first, cluster=cluster, postgres=postgres)
    finally:
        if lock.try_take():
            for server in reversed(embedded):
                server.stop()
        lock.close()
