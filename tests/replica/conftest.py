"""The site with a primary, a replica, a web server that knows both, and a worker that knows the primary alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from tests.flows.client import Client
from tests.flows.conftest import free_port, gunicorn, process, wait_until_ready
from tests.replica.servers import Server, make_primary, make_replica

CHECKOUT = Path(__file__).resolve().parents[2]
MAX_LAG_SECONDS = 10
SCOPES = "evidence:write,inventory:read,incidents:read"

sys.path.append(str(CHECKOUT / "supplychain" / "local"))


@dataclass(frozen=True)
class Pair:
    """The two servers and the site in front of them."""

    primary: Server
    replica: Server
    base: str
    owner: dict[str, str]

    def client(self, team: str) -> Client:
        """Return a client with a new key of a team."""
        return Client(base=self.base, key=manage(self.owner, "create_key", "--team", team, "--scopes", SCOPES))


@pytest.fixture(scope="package")
def pair() -> Iterator[Pair]:
    from broker import Valkey
    from places import Home
    from postgres import _find_programs
    from privileges import privileges

    rights = privileges()
    short = Path(tempfile.mkdtemp(prefix="sc-replica-"))
    folder = rights.folder(short, name=short.name)
    programs = rights.programs(_find_programs())
    broker = Valkey(Home(short / "broker"), durable=False)
    primary, replica = (Server(programs, rights, folder, name, port) for name, port in (("one", 5432), ("two", 5433)))
    try:
        broker.start()
        make_primary(primary)
        make_replica(replica, of=primary)
        yield from _site(primary, replica, logs=short, broker=broker.url)
    finally:
        broker.stop()
        replica.stop()
        primary.stop()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(short, ignore_errors=True)


@pytest.fixture(scope="module")
def client(pair: Pair) -> Client:
    return pair.client("team-a")


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _site(primary: Server, replica: Server, *, logs: Path, broker: str) -> Iterator[Pair]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    shared = {"REDIS_URL": broker, "SUPPLYCHAIN_HOME": str(logs)}
    owner = (
        _environment(primary.url())
        | shared
        | {
            "DATABASE_WEB_URL": primary.url("supplychain_web"),
            "DATABASE_WORKER_URL": primary.url("supplychain_worker"),
        }
    )
    manage(owner, "prepare_database")
    web = (
        _environment(primary.url("supplychain_web"))
        | shared
        | {
            "SUPPLYCHAIN_PROCESS": "web",
            "WEB_WORKERS": "1",
            "PUBLIC_URL": base,
            "DATABASE_REPLICA_URL": replica.url("supplychain_web"),
            "DATABASE_REPLICA_MAX_LAG_SECONDS": str(MAX_LAG_SECONDS),
        }
    )
    tasks = _environment(primary.url("supplychain_worker")) | shared | {"SUPPLYCHAIN_PROCESS": "worker"}
    celery = [str(Path(sys.executable).with_name("celery")), "--app", "supplychain", "worker", "--loglevel", "INFO"]
    alone = ["--concurrency", "1", "--without-gossip", "--without-mingle"]
    with (
        process(gunicorn(port), logs / "web.log", web) as serving,
        process([*celery, *alone], logs / "worker.log", tasks) as working,
    ):
        wait_until_ready(base, folder=logs, processes=(serving, working))
        yield Pair(primary, replica, base, owner)


def _environment(url: str) -> dict[str, str]:
    """Return what every process sees of the database that it uses."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "supplychain.settings",
        "DATABASE_URL": url,
        "DATABASE_WEB_URL": "",
        "DATABASE_WORKER_URL": "",
        "SUPPLYCHAIN_LOCAL": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "KEY_HMAC_SECRET": settings.KEY_HMAC_SECRET,
    }
