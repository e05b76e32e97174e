"""Health: is the process alive, and can it do its work. Probes are registered as dotted names in settings."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from supplychain.database import replica

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe found. A probe that is not `vital` is shown and does not make the process unready."""

    name: str
    ok: bool
    message: str = ""
    vital: bool = True


Probe = Callable[[], ProbeResult]


@dataclass(frozen=True, slots=True)
class Readiness:
    """All probes of one moment."""

    results: tuple[ProbeResult, ...]

    @property
    def ready(self) -> bool:
        return all(result.ok or not result.vital for result in self.results)


def assess_readiness() -> Readiness:
    """Run every registered probe once. A probe that raises counts as failed, and is logged."""
    return Readiness(tuple(_run(name) for name in settings.READINESS_PROBES))


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer as long as the process lives; asks nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when the work can be done and 503 when not, with every probe's finding."""
    readiness = assess_readiness()
    body = {
        "status": "ready" if readiness.ready else "not ready",
        "probes": [
            {"name": result.name, "ok": result.ok, "vital": result.vital, "message": result.message}
            for result in readiness.results
        ],
    }
    response = JsonResponse(body, status=200 if readiness.ready else 503)
    if not readiness.ready:
        response["Retry-After"] = "5"
    return response


def probe_database() -> ProbeResult:
    """Ask the database, and that the cache table (made by `createcachetable`) is there."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        cache.get("readiness")
    except DatabaseError as error:
        return ProbeResult("database", ok=False, message=type(error).__name__)
    return ProbeResult("database", ok=True)


def probe_migrations() -> ProbeResult:
    """Ask that the tables are those of this code, until they are: a new version is not ready before it has migrated."""
    try:
        _require_migrated()
    except (_UnmigratedError, DatabaseError) as error:
        return ProbeResult(
            "migrations", ok=False, message=str(error) if isinstance(error, _UnmigratedError) else type(error).__name__
        )
    return ProbeResult("migrations", ok=True)


class _UnmigratedError(Exception):
    """Migrations of this code were not applied to the database."""


@lru_cache(maxsize=1)
def _require_migrated() -> None:
    """Raise while a migration is missing; what once was applied is not asked for again, an error is not remembered."""
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise _UnmigratedError(f"{len(missing)} to apply, from {missing[0][0]}: run prepare_database")


def probe_broker() -> ProbeResult:
    """Ping the broker. Not vital: uploads are accepted without it, and the sweep finds them."""
    try:
        with _broker_client() as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        return ProbeResult("broker", ok=False, vital=False, message=type(error).__name__)
    return ProbeResult("broker", ok=True, vital=False)


def probe_replica() -> ProbeResult:
    """Ask whether the read replica may answer. Not vital: the primary answers instead."""
    try:
        reading = replica.choose()
    except DatabaseError as error:
        return ProbeResult("replica", ok=False, vital=False, message=type(error).__name__)
    lag = "" if reading.lag_seconds is None else f"{reading.lag_seconds:.1f} s behind"
    message = ", ".join(part for part in (reading.passed or "", lag) if part)
    return ProbeResult("replica", ok=reading.is_replica, vital=False, message=message)


def _broker_client() -> redis.Redis:
    url = settings.CELERY_BROKER_URL
    parts = urlsplit(url)
    if parts.scheme != "redis+socket":  # kombu's spelling, which redis-py does not know
        return redis.Redis.from_url(url, socket_connect_timeout=_TIMEOUT_SECONDS, socket_timeout=_TIMEOUT_SECONDS)
    database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
    return redis.Redis(
        unix_socket_path=parts.path,
        db=int(database),
        password=parts.password,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        socket_timeout=_TIMEOUT_SECONDS,
    )


@lru_cache
def _load(name: str) -> Probe:
    probe: Probe = import_string(name)
    return probe


def _run(name: str) -> ProbeResult:
    try:
        return _load(name)()
    except Exception as error:  # the border: a broken probe is a finding, not a 500
        logger.exception("readiness probe %s failed", name)
        return ProbeResult(name.rpartition(".")[2], ok=False, message=type(error).__name__)
