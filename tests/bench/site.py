"""The running site that is measured: its address, its processes, and the keys to it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from supplychain.access.models import User
from tests.bench.load.evidence import PLATFORM
from tests.bench.processes import connections_of, family_of, postgres_of
from tests.bench.traffic import Traffic
from tests.bench.wire import Reply, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.bench.estate import Estate
    from tests.bench.traffic import Upload

_IDLE_SECONDS = 900.0
_LOOK_EVERY_SECONDS = 0.5
"""To look is work of the database that is measured; when the last was applied, its row says."""
_RESTART_SECONDS = 120.0
_SETTLED = """
SELECT count(*) FILTER (WHERE state IN ('received', 'processing')),
       count(*) FILTER (WHERE state IN ('rejected', 'quarantined')),
       extract(epoch FROM max(applied_at) FILTER (WHERE applied_at >= to_timestamp(%(since)s)))
FROM inventory_evidencestate
WHERE evidence_id > %(after)s AND (%(team)s = '' OR team_id = (SELECT id FROM access_team WHERE slug = %(team)s))
"""
_NEWEST = "SELECT coalesce(max(id), 0) FROM inventory_evidence"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A document on disk, so that the traffic does not fill the memory."""

    path: Path
    key: str
    digest: str
    component_count: int

    def send(self, wire: Wire) -> Reply:
        """Upload it."""
        target = f"/api/v1/evidence?artifact={self.digest}"
        return wire.post(target, self.path.read_bytes(), key=self.key, expect=202)


@dataclass
class Site:
    """One site on a loaded estate. `seconds` is how long a part that only waits may go on."""

    estate: Estate
    folder: Path
    web: int
    worker: int
    seconds: float = 20.0
    repeats: int = 30
    most_purls: int = 5_000
    rate: float = 20.0
    """Documents a second that it took; known after `sustained`."""
    _keys: dict[str, str] = field(default_factory=dict)
    _since: int = 0

    @property
    def base(self) -> str:
        return str(settings.PUBLIC_URL)

    @cached_property
    def traffic(self) -> Traffic:
        return Traffic(self.estate)

    @property
    def processes(self) -> dict[str, int]:
        return {"web": self.web, "worker": self.worker, "PostgreSQL": postgres_of(self.folder)}

    @property
    def groups(self) -> dict[str, set[int]]:
        """The processes that share the cores, by what they work for; the server's own and the client's are left out."""
        server = postgres_of(self.folder)
        return {
            "web": family_of(self.web),
            "PostgreSQL for web": connections_of(server, "supplychain_web"),
            "worker": family_of(self.worker),
            "PostgreSQL for worker": connections_of(server, "supplychain_worker"),
        }

    def key(self, team: str = PLATFORM) -> str:
        """Return a key of a team; the platform's sees all teams."""
        if team not in self._keys:
            flags = ["--sees-all-teams"] if team == PLATFORM else []
            self._keys[team] = _call("create_key", "--team", team, "--scopes", _SCOPES, *flags)
        return self._keys[team]

    def gate_key(self, clusters: Iterable[str]) -> str:
        """Return a key of the platform's gates, which knows what all teams know."""
        bound = [flag for cluster in clusters for flag in ("--cluster", cluster)]
        return _call("create_key", "--team", PLATFORM, "--scopes", "admission:review", "--sees-all-teams", *bound)

    @cached_property
    def session(self) -> str:
        """The cookie of a responder who is signed in."""
        name = f"bench-{time.time_ns()}"
        _call("create_user", "--username", name, "--organisation-role", "responder")
        client = Client()
        client.force_login(User.objects.get(username=name))
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    def spool(self, uploads: Iterable[Upload]) -> list[Spooled]:
        """Write documents down."""
        folder = self.folder / "documents"
        folder.mkdir(exist_ok=True)
        spooled = []
        for upload in uploads:
            path = folder / upload.digest.removeprefix("sha256:")
            path.write_bytes(upload.document)
            spooled.append(Spooled(path, self.key(upload.team), upload.digest, upload.component_count))
        os.sync()  # else they are written while something is measured, and each commit waits for the same disk
        return spooled

    def mark(self) -> None:
        """Begin to watch documents that come from now on."""
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST)
            self._since = cursor.fetchone()[0]

    def waiting(self) -> int:
        """Count the documents that wait or are in work."""
        with connection.cursor() as cursor:
            cursor.execute(_SETTLED, {"after": 0, "since": 0.0, "team": ""})
            return int(cursor.fetchone()[0])

    def wait_until_idle(self, *, since: float = 0.0, team: str = "") -> float:
        """Wait until none of the documents after the mark waits, or none of a team's; return when the last was applied.

        Raises RuntimeError when one was refused.
        """
        deadline = time.monotonic() + _IDLE_SECONDS
        while time.monotonic() < deadline:
            with connection.cursor() as cursor:
                cursor.execute(_SETTLED, {"after": self._since, "since": since, "team": team})
                waiting, failed, last = cursor.fetchone()
            if failed:
                raise RuntimeError(f"{failed} documents were rejected or quarantined")
            if not waiting:
                return float(last or 0.0)
            time.sleep(_LOOK_EVERY_SECONDS)
        raise RuntimeError("documents still wait; the worker's log tells more")

    def count_edges(self) -> float:
        """Count the (artifact, component) pairs."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(distinct_count)::float8 FROM inventory_snapshot")
            return float(cursor.fetchone()[0])

    def restart_postgres(self) -> None:
        """Let the launcher restart the server, and wait until it is done."""
        connection.close()
        wanted = self.folder / "restart-postgres"
        wanted.touch()
        deadline = time.monotonic() + _RESTART_SECONDS
        while wanted.exists():
            if time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL was not restarted")
            time.sleep(0.1)


_SCOPES = "evidence:write,inventory:read,incidents:read,incidents:write"


def _call(command: str, *arguments: str) -> str:
    output = StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue().strip()
