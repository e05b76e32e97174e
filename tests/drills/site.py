"""The product as a drill runs it: PostgreSQL and Valkey of its own, durable, and web, workers and beat as processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from broker import Valkey
from places import Home
from postgres import Postgres
from servers import ROLES

from tests.drills.findings import DrillError
from tests.drills.processes import CHECKOUT, Process, free_port, start, tool, wait_until

READY_SECONDS = 90.0
# One key sends everything as fast as it can.
_SETTINGS = {"SUPPLYCHAIN_LOCAL": "1", "PYTHONUNBUFFERED": "1", "UPLOADS_PER_MINUTE": "10000000", "WEB_WORKERS": "1"}
_NOT_OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PUBLIC_URL", "LOG_FORMAT")


class Site:
    """One installation in a folder. Everything it starts is recorded here, and ends with `close`."""

    def __init__(self, folder: Path, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        self.home = Home(folder)
        self.postgres = Postgres(self.home, durable=durable)
        self.valkey = Valkey(self.home, durable=durable)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if name not in _NOT_OURS} | {
            **_SETTINGS,
            "DJANGO_SETTINGS_MODULE": "supplychain.settings",
            "DATABASE_URL": self.postgres.url,
            **{name: self.postgres.url_of(role) for name, role in ROLES.items()},
            "REDIS_URL": self.valkey.url,
            "SUPPLYCHAIN_HOME": str(folder),
            "PUBLIC_URL": self.base,
            **(settings or {}),
        }
        self.keep_logs = False
        self._processes: list[Process] = []

    def start_servers(self, *, is_empty: bool = False) -> None:
        """Start PostgreSQL and Valkey, and make the tables unless the database is to stay empty."""
        self.postgres.start()
        self.valkey.start()
        if not is_empty:
            self.manage("prepare_database")

    def start_web(
        self,
        application: str = "supplychain.wsgi",
        *,
        cwd: Path = CHECKOUT,
        wait: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a web server at `base`."""
        command = [tool("gunicorn"), "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{self.port}"]
        web = self._start("web", [*command, application], cwd=cwd, settings=settings)
        if wait:
            self.wait_until_ready(web)
        return web

    def start_worker(
        self,
        app: str = "supplychain",
        *,
        concurrency: int = 2,
        prefix: Sequence[str] = (),
        cwd: Path = CHECKOUT,
        settings: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a worker; it does not wait until the worker listens."""
        options = ["--concurrency", str(concurrency), "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        command = [*prefix, tool("celery"), "--app", app, "worker", *options]
        return self._start("worker", command, cwd=cwd, settings=settings)

    def start_beat(self, app: str = "supplychain", *, cwd: Path = CHECKOUT) -> Process:
        """Start the clock that rings for what was left behind."""
        options = ["--schedule", str(self.home.file("celerybeat")), "--pidfile", "", "--loglevel", "WARNING"]
        return self._start("beat", [tool("celery"), "--app", app, "beat", *options], cwd=cwd)

    def wait_until_ready(self, web: Process) -> None:
        """Wait until the site answers that it can do its work."""
        wait_until(
            lambda: self.status("/readyz") == 200 or not web.is_alive, seconds=READY_SECONDS, what="the web server"
        )
        if not web.is_alive:
            raise DrillError(f"the web server ended: {web.log_text()[-2000:]}")

    def status(self, path: str) -> int:
        """Return the status of an address, 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.base}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (urllib.error.URLError, OSError):
            return 0

    def manage(
        self, *arguments: str, cwd: Path = CHECKOUT, check: bool = True, settings: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a management command."""
        command = [sys.executable, "manage.py", *arguments]
        environment = {**self.environment, **(settings or {})}
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise DrillError(f"manage.py {arguments[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done

    def make_key(self, team: str, *scopes: str, cwd: Path = CHECKOUT) -> str:
        """Return a new API key."""
        return self.manage("create_key", "--team", team, "--scopes", ",".join(scopes), cwd=cwd).stdout.strip()

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection as the owner of the cluster, a superuser."""
        return psycopg.connect(self.postgres.url, autocommit=True)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with self.connect() as connection:
            return connection.execute(sql, parameters).fetchall()

    def restart_postgres_at_once(self) -> None:
        """Stop PostgreSQL as a crash does (immediate shutdown), and start it again."""
        os.kill(_known(self.postgres._recorded_pid()), signal.SIGQUIT)
        wait_until(lambda: not self.postgres._living(), seconds=30, what="the end of PostgreSQL")
        self.postgres.start()

    def kill_broker(self) -> None:
        """Kill Valkey; `valkey.start()` brings it back."""
        os.kill(_known(self.valkey._pid()), signal.SIGKILL)
        wait_until(lambda: self.valkey._ask(b"PING") is None, seconds=10, what="the end of Valkey")

    def flush_broker(self) -> None:
        """Let the broker forget everything."""
        if self.valkey._ask(b"FLUSHALL") != b"+OK":
            raise DrillError("the broker did not flush")

    def adopt(self, process: Process) -> None:
        """End this process too."""
        self._processes.append(process)

    def close(self) -> None:
        """End all that was started here: beat and workers first, then web, then the servers."""
        for process in reversed(self._processes):
            if process.is_alive:
                process.popen.send_signal(signal.SIGTERM)
        for process in reversed(self._processes):
            process.stop()
        self.valkey.stop()
        self.postgres.stop()

    def _database_of(self, name: str) -> dict[str, str]:
        """Let web and workers run under the roles that cannot change evidence, as `./run` does."""
        own = self.environment["DATABASE_WEB_URL" if name == "web" else "DATABASE_WORKER_URL"]
        return {"DATABASE_URL": own or self.postgres.url, **dict.fromkeys(ROLES, "")}

    def _start(
        self, name: str, command: Sequence[str], *, cwd: Path, settings: Mapping[str, str] | None = None
    ) -> Process:
        count = sum(process.name == name for process in self._processes)
        log = self.home.logs / f"{name}-{count}.log"
        environment = {**self.environment, "SUPPLYCHAIN_PROCESS": name, **self._database_of(name), **(settings or {})}
        process = start(name, command, log=log, environment=environment, cwd=cwd)
        self.adopt(process)
        return process


def _known(pid: int | None) -> int:
    if pid is None:
        raise DrillError("a server left no process id")
    return pid


@contextmanager
def temporary_site(
    *, durable: bool = True, settings: Mapping[str, str] | None = None, is_empty: bool = False
) -> Iterator[Site]:
    """Give a drill an installation in a temporary folder, which is removed; after an error it is kept, and named."""
    folder = Path(tempfile.mkdtemp(prefix="supplychain-drill-")).resolve()
    site = Site(folder, durable=durable, settings=settings)
    try:
        site.start_servers(is_empty=is_empty)
        yield site
    except BaseException:
        site.keep_logs = True
        raise
    finally:
        site.close()
        if site.keep_logs:
            print(f"The logs are kept: {site.home.logs}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
