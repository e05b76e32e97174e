"""A PostgreSQL and its streaming replica, on sockets in one folder; programs and rights are the launcher's."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from privileges import Privileges

USER = "supplychain"
START_SECONDS = 180.0
# Never durable: the machine that crashes takes the tests with it.
_OPTIONS = ("fsync=off", "listen_addresses=", "max_connections=40", "wal_level=replica", "hot_standby=on")


@dataclass
class Server:
    """One server of the pair; `port` only tells their sockets apart."""

    programs: Path
    rights: Privileges
    folder: Path
    name: str
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        return self.folder / self.name

    def url(self, user: str = USER, *, database: str = "supplychain") -> str:
        return f"postgresql://{user}@:{self.port}/{database}?host={self.folder}"

    def run(self, program: str, *arguments: str) -> None:
        done = self.rights.run([str(self.programs / program), *arguments])
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        command = [*self.rights.prefix, str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        options = [part for option in _OPTIONS for part in ("-c", option)]
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "-k", str(self.folder), *options],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.rights.uid,
                group=self.rights.gid,
                extra_groups=self.rights.groups,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert time.monotonic() < deadline, (self.folder / f"{self.name}.log").read_text()[-3000:]
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            self.ask("SELECT 1", database="postgres")
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """Stop at once, as a machine that is switched off does."""
        if self.process is not None:
            os.kill(self.process.pid, number)
            self.process.wait()
            self.process = None

    def ask(self, sql: str, *, database: str = "supplychain") -> Any:
        """Return the first column of the first row as the owner sees it; None where there is none."""
        with psycopg.connect(self.url(database=database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


def make_primary(server: Server) -> None:
    """Make a cluster, start it, and make its database."""
    server.run("initdb", "-D", str(server.data), "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
    server.start()
    server.ask("CREATE DATABASE supplychain", database="postgres")


def make_replica(replica: Server, *, of: Server) -> None:
    """Copy the primary with a slot of its own, and follow it."""
    source = ["-h", str(of.folder), "-p", str(of.port), "-U", USER]
    follow = ["-R", "-X", "stream", "-C", "-S", replica.name, "-c", "fast", "--no-sync"]
    replica.run("pg_basebackup", *source, "-D", str(replica.data), *follow)
    replica.start()
