"""The whole product as processes, for journeys through HTTP: gunicorn, a Celery worker and beat.

They use the test database and the broker that `./run test` started. The processes live as long as the
journeys do, and no longer: their worker would take the documents of the tests that come after. The tables are emptied
after every test.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from inventory.models import IN_WORK, EvidenceState
from supplychain.database.roles import prepare_roles
from supplychain.env import database
from tests.flows.client import Client

CHECKOUT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 180.0
STOP_SECONDS = 60.0

KeyMaker = Callable[..., Client]


@dataclass(frozen=True)
class Running:
    """The processes of the site, for journeys that take one away. `environment` is the web server's."""

    base: str
    worker: subprocess.Popen[bytes]
    environment: dict[str, str]
    folder: Path

    def children_of_worker(self) -> list[int]:
        """Return the processes in which the worker works on documents."""
        children = Path(f"/proc/{self.worker.pid}/task/{self.worker.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


@pytest.fixture(scope="package")
def running_site(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
        pytest.skip("journeys need servers: ./run test tests/flows")
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with django_db_blocker.unblock():
        prepare_roles(settings.DATABASE_ROLES)
    for_web, for_tasks = (_environment(kind) | {"PUBLIC_URL": base, "WEB_WORKERS": "1"} for kind in ("web", "worker"))
    celery = [_tool("celery"), "--app", "supplychain"]
    alone = ["--concurrency", "2", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--schedule", str(folder / "beat"), "--pidfile", "", "--loglevel", "WARNING"]
    worker = [*celery, "worker", "--loglevel", "INFO", *alone]
    with (
        process(gunicorn(port), folder / "web.log", {**for_web, "SUPPLYCHAIN_PROCESS": "web"}) as web,
        process(worker, folder / "worker.log", {**for_tasks, "SUPPLYCHAIN_PROCESS": "worker"}) as tasks,
        process(beat, folder / "beat.log", {**for_tasks, "SUPPLYCHAIN_PROCESS": "beat"}),
    ):
        wait_until_ready(base, folder=folder, processes=(web, tasks))
        yield Running(base, tasks, for_web, folder)


def gunicorn(port: int) -> list[str]:
    """Return the command of a web server."""
    options = ["--bind", f"127.0.0.1:{port}", "supplychain.wsgi"]
    return [_tool("gunicorn"), "--config", "deploy/gunicorn.conf.py", *options]


@pytest.fixture
def site(transactional_db: None, running_site: Running) -> Iterator[Client]:
    """A client without a key, for the running site and its emptied tables."""
    yield Client(base=running_site.base)
    _let_the_worker_finish()  # it would read the tables while they are emptied


@pytest.fixture
def new_key(site: Client) -> KeyMaker:
    """Make a key by `create_key`, and return a client that uses it: new_key("team-a", "evidence:write", …)."""

    def make(team: str, *scopes: str, clusters: tuple[str, ...] = ()) -> Client:
        output = StringIO()
        bindings = [part for cluster in clusters for part in ("--cluster", cluster)]
        call_command("create_key", "--team", team, "--scopes", ",".join(scopes), *bindings, stdout=output)
        return Client(base=site.base, key=output.getvalue().strip())

    return make


def _environment(kind: str) -> dict[str, str]:
    """Return the environment of a process, which has its own role where `./run test` gave it one."""
    owner = connection.settings_dict
    role = database(settings.DATABASE_ROLES[kind]) if kind in settings.DATABASE_ROLES else owner
    host, secret = owner["HOST"], f":{role['PASSWORD']}" if role["PASSWORD"] else ""
    authority = f"{role['USER']}{secret}@{'' if host.startswith('/') else host}"
    port = f":{owner['PORT']}" if owner["PORT"] else ""
    query = f"?host={host}" if host.startswith("/") else ""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"postgresql://{authority}{port}/{owner['NAME']}{query}",
        "DATABASE_WEB_URL": "",
        "DATABASE_WORKER_URL": "",
        "SUPPLYCHAIN_LOCAL": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "KEY_HMAC_SECRET": settings.KEY_HMAC_SECRET,
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def process(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        started = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def wait_until_ready(
    base: str, *, folder: Path, processes: tuple[subprocess.Popen[bytes], ...], path: str = "/readyz"
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and all(one.poll() is None for one in processes):
        try:
            with urllib.request.urlopen(f"{base}{path}", timeout=20) as answer:
                if answer.status == 200 and _worker_listens(folder):
                    return
        except (urllib.error.URLError, OSError):
            pass  # not listening yet
        time.sleep(0.1)
    logs = "\n".join(log.read_text()[-3000:] for log in sorted(folder.glob("*.log")))
    pytest.fail(f"the site did not become ready:\n{logs}")


def _let_the_worker_finish() -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while EvidenceState.objects.filter(state__in=IN_WORK).exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def _worker_listens(folder: Path) -> bool:
    log = folder / "worker.log"
    return not log.exists() or "ready." in log.read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
