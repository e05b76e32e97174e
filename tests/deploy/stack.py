"""The compose file's services as processes of this machine: its commands, environments, secrets and health checks.

Only addresses, ports and paths differ, and the name of the broker's program (Redis for Valkey). PostgreSQL and nginx
refuse or give up root, so for root they run as supplychain/local/privileges.py runs PostgreSQL.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.deploy import image
from tests.deploy.compose import CHECKOUT, services

if TYPE_CHECKING:
    from collections.abc import Callable

    from privileges import Privileges

START_SECONDS = 180.0
_SECRETS = re.compile(r"```sh\ncd deploy/secrets\n(?P<commands>.*?)```", re.DOTALL)
_OURS = {"migrate", "web", "worker", "beat"}
RESTART_SECONDS = 0.5


def programs_of_postgres() -> Path | None:
    """Return the folder of the machine's own PostgreSQL programs, the newest."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found else None


def missing() -> str:
    """Return what the machine lacks; empty when everything is there."""
    lacking = [name for name in ("nginx", "redis-server", "redis-cli", "curl", "openssl") if shutil.which(name) is None]
    return ", ".join([*lacking, *([] if programs_of_postgres() else ["postgresql"])])


def service_of(name: str) -> str:
    """Return the service that a process is one of: `worker` of `worker-3`."""
    return name.partition("-")[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """A folder in which the services run; `app` is what the image holds."""

    folder: Path
    rights: Privileges
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    restarts: list[str] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _over: threading.Event = field(default_factory=threading.Event)
    _kept: bool = False

    def __post_init__(self) -> None:
        for name in ("postgres", "valkey", "web", "proxy"):
            self.ports[name] = free_port()
        for name in (*services(), "secrets", "app", "proxy/cache"):
            (self.folder / name).mkdir(parents=True)

    @property
    def app(self) -> Path:
        return self.folder / "app"

    @property
    def base(self) -> str:
        """The address at which the proxy is published."""
        return f"http://127.0.0.1:{self.ports['proxy']}"

    def make_secrets(self) -> None:
        """Make the secrets by the commands of deploy/README.md."""
        match = _SECRETS.search((CHECKOUT / "deploy" / "README.md").read_text(encoding="utf-8"))
        assert match, "deploy/README.md no longer says how to make the secrets"
        subprocess.run(["sh", "-euc", match["commands"]], cwd=self.folder / "secrets", check=True)
        for address in (self.folder / "secrets").glob("*_url"):
            text = address.read_text().replace("@postgres/", f"@127.0.0.1:{self.ports['postgres']}/")
            address.chmod(0o600)
            address.write_text(text)

    def here(self, text: str, name: str) -> str:
        """Return a word of the compose file with this machine's addresses and paths; `web-2` is a second `web`."""
        web = f"127.0.0.1:{self.ports[name if name.startswith('web') else 'web']}"
        places = {
            "/run/secrets": self.folder / "secrets",
            "/var/lib/postgresql": self.database_folder,
            "/tmp": self.folder / name,
            "valkey:6379": f"127.0.0.1:{self.ports['valkey']}",
            "0.0.0.0:8000": web,
            "127.0.0.1:8000": web,
            "127.0.0.1:8080": f"127.0.0.1:{self.ports['proxy']}",
            "localhost:8080": f"127.0.0.1:{self.ports['proxy']}",
            "valkey-server": "redis-server",
            "valkey-cli": f"redis-cli -p {self.ports['valkey']}",
        }
        return re.sub("|".join(map(re.escape, places)), lambda match: str(places[match[0]]), text)

    @property
    def database_folder(self) -> Path:
        return Path(self.rights.folder(self.folder / "postgres", name=f"stack-{self.folder.name}"))

    def environment(self, name: str) -> dict[str, str]:
        """Return what a service's process sees: the image's variables, the service's, and nothing of ours but PATH."""
        service = service_of(name)
        own = image.environment() if service in _OURS else {}
        given = own | {key: str(value) for key, value in services()[service].get("environment", {}).items()}
        found = {key: self.here(value, name) for key, value in given.items()}
        path = [str(Path(sys.executable).parent), str(programs_of_postgres()), os.environ["PATH"]]
        return found | {"PATH": ":".join(path), "PGPORT": str(self.ports["postgres"])}

    def words(self, name: str) -> list[str]:
        """Return the command of a service."""
        told = services()[service_of(name)].get("command") or {"proxy": ["nginx", "-g", "daemon off;"]}.get(name)
        return [self.here(word, name) for word in told or image.command()]

    def run(self, name: str, *arguments: str) -> str:
        """Run a service's command, or another one in its place (`docker compose run`), and return its output."""
        done = subprocess.run(
            list(arguments) or self.words(name),
            cwd=self.app,
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, name: str) -> None:
        """Start a service, or one more of it: `worker-3`."""
        (self.folder / name).mkdir(exist_ok=True)
        if name.startswith("web") and name not in self.ports:
            self.ports[name] = free_port()
        {"postgres": self._start_postgres, "valkey": self._start_valkey, "proxy": self._start_proxy}.get(
            name, lambda: self.launch(name, self.words(name))
        )()

    def launch(self, name: str, words: list[str], *, rights: Privileges | None = None) -> None:
        """Start a process, as another user where it may not be root."""
        log = self.folder / f"{name}.log"
        log.touch()
        if rights is not None and rights.uid is not None:
            os.chown(log, rights.uid, rights.gid or -1)
        options: dict[str, Any] = {}
        if rights is not None:
            options = {"user": rights.uid, "group": rights.gid, "extra_groups": rights.groups}
        with log.open("ab") as output:
            self.processes[name] = subprocess.Popen(
                [*(rights.prefix if rights else ()), *words],
                cwd="/" if rights else self.app,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **options,
            )

    def keep_running(self) -> None:
        """Start our services again when they end by themselves, as `restart: unless-stopped` does, until `stop_all`."""
        self._kept = True
        threading.Thread(target=self._keep_running, name="restarts", daemon=True).start()

    def _keep_running(self) -> None:
        while not self._over.wait(RESTART_SECONDS):
            with self._lock:
                for name in [name for name, process in self.processes.items() if process.poll() is not None]:
                    told = services()[service_of(name)].get("restart")
                    if service_of(name) in _OURS and told == "unless-stopped":
                        self.restarts.append(name)
                        self.launch(name, self.words(name))

    def is_healthy(self, name: str) -> bool:
        """Run the service's own health check."""
        kind, *words = services()[service_of(name)]["healthcheck"]["test"]
        told = [self.here(word, name) for word in words]
        command = ["sh", "-c", *told] if kind == "CMD-SHELL" else told
        done = subprocess.run(command, cwd=self.app, env=self.environment(name), capture_output=True, check=False)
        return done.returncode == 0

    def wait_until_healthy(self, *names: str) -> None:
        for name in names:
            self.wait_until(lambda name=name: self.is_healthy(name), of=name)  # type: ignore[misc]

    def wait_until(self, done: Callable[[], bool], *, of: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not done():
            process = self.processes.get(of)
            is_started_again = self._kept and service_of(of) in _OURS
            is_over = process is not None and process.poll() is not None and not is_started_again
            assert time.monotonic() < deadline and not is_over, f"{of}:\n{self.log(of)[-3000:]}"  # noqa: PT018
            time.sleep(0.25)  # a look starts a program, and what is waited for needs the cores

    def log(self, name: str) -> str:
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def stop(self, name: str, *, seconds: float = 90) -> int:
        """Stop a service as the compose file does, and return its exit status."""
        return self._wait(self.ask_to_stop(name), seconds=seconds)

    def stop_all(self) -> None:
        """Stop the services in the order that `depends_on` gives; those beside each other at once."""
        self._over.set()
        for wave in (_OURS | {"proxy"}, {"valkey", "postgres"}):
            asked = [self.ask_to_stop(name) for name in list(self.processes) if service_of(name) in wave]
            for process in asked:
                self._wait(process, seconds=90)

    def ask_to_stop(self, name: str) -> subprocess.Popen[bytes]:
        """Send a service the signal that the compose file stops it by; what was stopped is not started again."""
        number = signal.Signals[services()[service_of(name)].get("stop_signal", "SIGTERM")]
        with self._lock:
            process = self.processes.pop(name)
        process.send_signal(number)
        return process

    @staticmethod
    def _wait(process: subprocess.Popen[bytes], *, seconds: float) -> int:
        try:
            return process.wait(timeout=seconds)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start_postgres(self) -> None:
        """Do what the image's own start does: make the cluster once, let networks in by password, make the database."""
        given = self.environment("postgres")
        data, programs = Path(given["PGDATA"]), self.rights.programs(programs_of_postgres() or Path())
        password = Path(given["POSTGRES_PASSWORD_FILE"]).read_text().rstrip("\n")
        rights, user = self.rights, given["POSTGRES_USER"]
        told = ["-U", user, f"--pwfile={self._readable(password)}", "--no-sync", *given["POSTGRES_INITDB_ARGS"].split()]
        subprocess.run(
            [*rights.prefix, str(programs / "initdb"), "-D", str(data), *told],
            cwd="/",
            user=rights.uid,
            group=rights.gid,
            extra_groups=rights.groups,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        (program, *options) = self.words("postgres")
        listening = ["-D", str(data), "-k", str(data), "-p", given["PGPORT"], "-h", "127.0.0.1"]
        self.launch("postgres", [str(programs / program), *listening, *options], rights=rights)
        admin = ["psql", "-h", "127.0.0.1", "-U", user, "-d", "postgres", "-qAtc"]
        self.wait_until(lambda: self.is_healthy("postgres"), of="postgres")
        environment = given | {"PGPASSWORD": password}
        subprocess.run([*admin, f"CREATE DATABASE {given['POSTGRES_DB']}"], env=environment, check=True)

    def _readable(self, password: str) -> Path:
        """Write a password where the user that PostgreSQL runs as can read it, and nobody else."""
        file = self.folder / "postgres.password"
        file.touch(mode=0o600)
        file.write_text(password)
        if self.rights.uid is not None:
            os.chown(file, self.rights.uid, self.rights.gid or -1)
        return file

    def _start_valkey(self) -> None:
        place = ["--port", str(self.ports["valkey"]), "--bind", "127.0.0.1", "--dir", str(self.folder / "valkey")]
        self.launch("valkey", [*self.words("valkey"), *place])

    def _start_proxy(self) -> None:
        cache = self.rights.folder(self.folder / "proxy" / "cache", name=f"stack-{self.folder.name}/cache")
        places = {
            "/var/cache/nginx": str(cache),
            "/tmp/nginx.pid": f"{cache}/pid",
            "listen 8080": f"listen 127.0.0.1:{self.ports['proxy']}",
            "web:8000": f"127.0.0.1:{self.ports['web']}",
        }
        text = (CHECKOUT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        assert [place for place in places if place not in text] == []
        for old, new in places.items():
            text = text.replace(old, new)
        configuration = cache / "nginx.conf"
        configuration.write_text(text)
        configuration.chmod(0o644)
        self.launch("proxy", [*self.words("proxy"), "-c", str(configuration)], rights=self.rights)
