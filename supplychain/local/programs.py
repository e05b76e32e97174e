"""The programs of a site, as children of the supervisor: web, worker and beat."""

import os
from pathlib import Path

from places import VENV, Home
from postgres import Postgres
from priorities import MOST, WorkerConnections
from supervisor import Child, Supervisor
from terminal import stop_with

# Nothing waits for beat; on two cores the web server and the worker are ready sooner without it beside them.
BEAT_DELAY_SECONDS = 4.0
_WORKER_NICE = "5"


def site(place: Home, *, port: int, environment: dict[str, str], postgres: Postgres | None) -> Supervisor:
    """Return who keeps the programs running, and the worker's connections to an embedded database below the others."""
    supervisor = Supervisor(children(place, port=port, environment=environment), environment=environment)
    if postgres is not None and (by := worker_nice()):
        supervisor.meanwhile = WorkerConnections(postgres.pid, by=by).look
    return supervisor


def children(place: Home, *, port: int, environment: dict[str, str]) -> list[Child]:
    """Return the programs, each with its own address of the database; what works in the background yields."""
    celery = [_tool("celery"), "--app", "supplychain"]
    beat = ["beat", "--schedule", str(place.file("celerybeat")), "--pidfile", "", "--loglevel", "WARNING"]
    worker = ["worker", "--concurrency", os.environ.get("WORKER_CONCURRENCY", "2"), "--loglevel", "INFO"]
    web = [_tool("gunicorn"), "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    commands = {
        "web": [*web, "supplychain.wsgi"],
        "worker": [*celery, *worker, "--without-gossip", "--without-mingle"],
        "beat": [*celery, *beat],
    }
    return [
        Child(
            name=name,
            command=command,
            log=_fresh_log(place, name),
            extra={"SUPPLYCHAIN_PROCESS": name, **_database_of(name, environment)},
            delay_seconds=BEAT_DELAY_SECONDS if name == "beat" else 0.0,
            nice=worker_nice() if name == "worker" else 0,
        )
        for name, command in commands.items()
    ]


def worker_nice() -> int:
    """Return by how much the worker is nicer than the rest."""
    given = os.environ.get("WORKER_NICE", _WORKER_NICE)
    if not given.isdecimal() or int(given) > MOST:
        stop_with(f"WORKER_NICE must be a number from 0 to {MOST}, not {given!r}.")
    return int(given)


def _database_of(name: str, environment: dict[str, str]) -> dict[str, str]:
    """Return a child's own address of the database, and none of the others': the owner's is for commands."""
    own = environment.get("DATABASE_WEB_URL" if name == "web" else "DATABASE_WORKER_URL")
    return {"DATABASE_URL": own or environment["DATABASE_URL"], "DATABASE_WEB_URL": "", "DATABASE_WORKER_URL": ""}


def _fresh_log(place: Home, name: str) -> Path:
    log = place.logs / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    return log


def _tool(name: str) -> str:
    return str(VENV / "bin" / name)
