"""The whole product as processes, for journeys through HTTP: gunicorn, and a Celery worker with beat.

They use the test database and the broker that `./run test` started. The processes live as long as the test session;
the tables are emptied after every test.
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
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tests.flows.client import Client

CHECKOUT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60.0
STOP_SECONDS = 20.0

KeyMaker = Callable[..., Client]


@pytest.fixture(scope="session")
def _site_processes(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
        pytest.skip("journeys need servers: ./run test tests/flows")
    folder = tmp_path_factory.mktemp("site")
    port = _free_port()
    base = f"http://127.0.0.1:{port}"
    environment = _environment() | {"PUBLIC_URL": base, "WEB_WORKERS": "1"}
    options = ["--bind", f"127.0.0.1:{port}", "supplychain.wsgi"]
    gunicorn = [_tool("gunicorn"), "--config", "deploy/gunicorn.conf.py", *options]
    alone = ["--concurrency", "2", "--without-gossip", "--without-mingle"]
    beat = ["--beat", "--schedule", str(folder / "beat"), "--pidfile", str(folder / "pid")]
    worker = [_tool("celery"), "--app", "supplychain", "worker", "--loglevel", "INFO", *alone, *beat]
    with (
        _process(gunicorn, folder / "web.log", {**environment, "SUPPLYCHAIN_PROCESS": "web"}) as web,
        _process(worker, folder / "worker.log", {**environment, "SUPPLYCHAIN_PROCESS": "worker"}) as tasks,
    ):
        _wait_until_ready(base, folder=folder, processes=(web, tasks))
        yield base


@pytest.fixture
def site(transactional_db: None, _site_processes: str) -> Client:
    """A client without a key, for the running site and its emptied tables."""
    return Client(base=_site_processes)


@pytest.fixture
def new_key(site: Client) -> KeyMaker:
    """Make a key by `create_key`, and return a client that uses it: new_key("team-a", "evidence:write", …)."""

    def make(team: str, *scopes: str, clusters: tuple[str, ...] = ()) -> Client:
        output = StringIO()
        bindings = [part for cluster in clusters for part in ("--cluster", cluster)]
        call_command("create_key", "--team", team, "--scopes", ",".join(scopes), *bindings, stdout=output)
        return Client(base=site.base, key=output.getvalue().strip())

    return make


def _environment() -> dict[str, str]:
    database = connection.settings_dict
    host, user = database["HOST"], database["USER"]
    secret = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    authority = f"{user}{secret}@{'' if host.startswith('/') else host}"
    port = f":{database['PORT']}" if database["PORT"] else ""
    query = f"?host={host}" if host.startswith("/") else ""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"postgresql://{authority}{port}/{database['NAME']}{query}",
        "SUPPLYCHAIN_LOCAL": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "KEY_HMAC_SECRET": settings.KEY_HMAC_SECRET,
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def _process(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(base: str, *, folder: Path, processes: tuple[subprocess.Popen[bytes], ...]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and all(process.poll() is None for process in processes):
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=5) as answer:
                if answer.status == 200 and "ready." in (folder / "worker.log").read_text():
                    return
        except (urllib.error.URLError, OSError):
            pass  # not listening yet
        time.sleep(0.1)
    logs = "\n".join(log.read_text()[-3000:] for log in sorted(folder.glob("*.log")))
    pytest.fail(f"the site did not become ready:\n{logs}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
