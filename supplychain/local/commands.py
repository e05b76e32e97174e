"""What `./run` can do. Each command gets its arguments and returns the exit status."""

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import programs
from locks import FileLock
from places import CHECKOUT, PYTHON, VENV, Home, home
from servers import Servers, servers
from supervisor import GaveUpError, Supervisor
from terminal import say, step, stop_with

READY_SECONDS = 90.0
STOP_SECONDS = 60.0
_SHOW_SECONDS = 0.2
# One key sends everything as fast as it can, and nobody reads the log.
_BENCH_SETTINGS = {"UPLOADS_PER_MINUTE": "10000000", "LOG_LEVEL": "WARNING"}
# The embedded server knows no lz4; to compress full pages with pglz takes a third of a document's work in PostgreSQL.
_BENCH_DATABASE = {"max_wal_size": "6GB", "wal_compression": "off", "random_page_cost": "1.1"}
# The whole suite, in two runs at once that share no server: what needs only tables, side by side; and whole sites, one
# at a time for each thing that they share (tests/conftest.py). They wait more than they work, and the others use that.
_PROCESSES = str(min(4, max(2, os.cpu_count() or 1)))
_PHASES = (
    [
        "-q",
        "-m",
        "not drill and not alone",
        "--numprocesses",
        _PROCESSES,
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
    ],
    ["-q", "-m", "not drill and alone", "--numprocesses", "2", "--dist", "loadscope"],
)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def up() -> int:
    """Serve, load the demo estate through the API, ask an incident question and print the answer."""
    return _serve([str(PYTHON), "manage.py", "demo_tour"])


def serve() -> int:
    """Serve."""
    return _serve(None)


def manage(arguments: list[str]) -> int:
    """Run a command of Django with the servers of this state folder."""
    place = home()
    with servers(place) as given:
        if given.first and given.cluster:
            _prepare_database(given, place=place)
        return _run([str(PYTHON), "manage.py", *arguments], given.environment)


def stop() -> int:
    """Stop what serves from this state folder, and embedded servers that a killed supervisor left behind."""
    place = home()
    lock = FileLock(place.file("supervisor.lock"))
    if lock.try_take():
        with servers(place):  # adopts what was left behind, and as the last user stops it
            pass
        say("Nothing is serving from this state folder.")
        return 0
    pid = int(place.file("supervisor.lock").read_text() or 0)
    with step(f"Stopping process {pid}"):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while not lock.try_take():
            if time.monotonic() > deadline:
                stop_with(f"process {pid} is still running.")
            time.sleep(0.1)
    return 0


def lint() -> int:
    """Check style, types and the direction of imports; run them all, whatever the first one says."""
    launcher = sorted(str(path.relative_to(CHECKOUT)) for path in Path(__file__).parent.glob("*.py"))
    environment = {**os.environ, "MYPYPATH": "supplychain/local"}
    mypy = [str(PYTHON), "-m", "mypy"]
    checks = {
        "ruff": [_tool("ruff"), "check", "."],
        "format": [_tool("ruff"), "format", "--check", "--quiet", "."],
        "mypy": [*mypy, "manage.py", "supplychain", "inventory", "incidents", "tests"],
        # The launcher is no package: its modules find each other as files of one folder.
        "mypy (launcher)": [*mypy, "--config-file=", "--strict", "--explicit-package-bases", *launcher],
        "imports": [_tool("lint-imports"), "--no-logo"],
    }
    failed = []
    for name, command in checks.items():
        with step(f"Checking: {name}"):
            if _run(command, environment) != 0:
                failed.append(name)
    if failed:
        say(f"run: {', '.join(failed)} found something to repair.")
    return 1 if failed else 0


def test(arguments: list[str]) -> int:
    """Run the checks and the whole suite, or, with arguments, only what pytest is told to run; 0 when all is well."""
    if _chromium() is None:
        say("run: no chromium is on this machine, so the browser tests are skipped (Debian: apt-get install chromium).")
    runs = [arguments] if arguments else _PHASES
    with contextlib.ExitStack() as stack:
        with step("Starting servers for the tests"):
            places = [stack.enter_context(_temporary_home()) for _ in runs]
            given = [stack.enter_context(servers(place, durable=False)) for place in places]
        tests = [_pytest(run, one) for run, one in zip(runs, given, strict=True)]
        if arguments:
            return _run(*tests[0])
        checks = [sys.executable, str(Path(__file__).parent), "lint"], {**os.environ, "SUPPLYCHAIN_BOOTSTRAPPED": "1"}
        if {"DATABASE_URL", "REDIS_URL"} & os.environ.keys():  # all tests have one server, and names of one kind on it
            statuses = [_run(*command) for command in (checks, *tests)]
        else:
            statuses = _run_at_once([checks, *tests], logs=places[0].logs)
    return next((status for status in statuses if status), 0)


def _pytest(arguments: list[str], given: Servers) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs pytest with these servers, and its environment."""
    chromium = _chromium()
    more = {"DJANGO_SETTINGS_MODULE": "tests.settings", **({"CHROMIUM": chromium} if chromium else {})}
    colour = ["--color=yes"] if sys.stdout.isatty() else []  # it writes to a file
    return [str(PYTHON), "-m", "pytest", *colour, *arguments], given.environment | more


def _run_at_once(commands: list[tuple[list[str], dict[str, str]]], *, logs: Path) -> list[int]:
    """Run commands side by side; show what each writes when those before it have ended."""
    started = []
    with contextlib.ExitStack() as stack:
        for number, (command, environment) in enumerate(commands):
            log = logs / f"command-{number}.log"
            output = stack.enter_context(log.open("wb"))
            process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=output, stderr=subprocess.STDOUT)
            started.append((stack.enter_context(process), stack.enter_context(log.open("rb"))))
            stack.callback(process.terminate)  # where this one is interrupted
        for process, written in started:
            is_over = False
            while not is_over:
                is_over = process.poll() is not None  # asked first: what it wrote before its end is shown
                shutil.copyfileobj(written, sys.stdout.buffer)
                sys.stdout.flush()
                time.sleep(0 if is_over else _SHOW_SECONDS)
    return [process.returncode for process, _ in started]


def conformance(arguments: list[str]) -> int:
    """Run the public suites of the formats, all or some, and write docs/conformance.md; they need no servers."""
    return _run([str(PYTHON), "-m", "tests.conformance", *arguments], dict(os.environ))


def bench(arguments: list[str]) -> int:
    """Load an estate into durable servers of its own and measure; `--keep` and `--home` leave the state folder."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)  # never fill somebody's database with made-up services
    parser = argparse.ArgumentParser(prog="./run bench", add_help=False)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--load-only", action="store_true")
    asked, rest = parser.parse_known_args(arguments)
    keep = asked.keep or asked.load_only
    place_of = contextlib.nullcontext(Home(asked.home.resolve())) if asked.home else _temporary_home(keep=keep)
    with place_of as place, contextlib.ExitStack() as stack:
        with step("Starting PostgreSQL and Valkey"):
            given = stack.enter_context(servers(place, settings=_sized_for_this_machine()))
        _prepare_database(given, place=place)
        program = [str(PYTHON), "-m", "tests.bench"]
        if (status := _run([*program, "load", *rest], given.environment)) != 0 or asked.load_only:
            return status
        return _measure([*program, "measure", "--folder", str(place.path), *rest], given, place=place, stack=stack)


def _measure(command: list[str], given: Servers, *, place: Home, stack: contextlib.ExitStack) -> int:
    environment = given.environment | _site(_free_port()) | _BENCH_SETTINGS
    port = int(environment["PUBLIC_URL"].rpartition(":")[2])
    supervisor = programs.site(place, port=port, environment=environment, postgres=given.postgres)
    stack.callback(_stop_children, supervisor)
    try:
        _start(supervisor, environment, place=place)
        for child in supervisor.children:
            if child.process is not None and child.name in {"web", "worker"}:
                command += [f"--{child.name}", str(child.process.pid)]
        restart_wanted = place.file("restart-postgres")
        return _run_beside(supervisor, command, environment, meanwhile=lambda: _restart(given, wanted=restart_wanted))
    except GaveUpError as error:
        say(f"run: {error}")
        return 1


def _sized_for_this_machine() -> dict[str, str]:
    """Return what an operator would set for a database that has the machine to itself (docs/benchmarks.md)."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return _BENCH_DATABASE | {
        "shared_buffers": f"{min(memory // 4, 4096)}MB",
        "effective_cache_size": f"{memory // 2}MB",
    }


def _restart(given: Servers, *, wanted: Path) -> None:
    """Restart PostgreSQL when the measuring program has asked for it by a file; the file goes when it is done."""
    if wanted.exists() and given.postgres is not None:
        given.postgres.stop()
        given.postgres.start()
        wanted.unlink()


def drill(arguments: list[str]) -> int:
    """Run fault drills; they start servers and processes of their own, and end them."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    return _run([str(PYTHON), "-m", "tests.drills", *arguments], dict(os.environ))


def _serve(after_start: list[str] | None) -> int:
    place = home()
    lock = FileLock(place.file("supervisor.lock"))
    if not lock.try_take():
        stop_with(f"already serving from {place.path} (`./run stop` ends it; SUPPLYCHAIN_HOME moves a second one).")
    lock.write(str(os.getpid()))
    port = _port()
    with contextlib.ExitStack() as stack:
        with step("Starting PostgreSQL and Valkey"):
            given = stack.enter_context(servers(place))
        _prepare_database(given, place=place)
        environment = given.environment | _site(port)
        supervisor = programs.site(place, port=port, environment=environment, postgres=given.postgres)
        stack.callback(_stop_children, supervisor)
        try:
            return _keep_serving(supervisor, environment, after_start=after_start, place=place)
        except GaveUpError as error:
            say(f"run: {error}")
            return 1


def _keep_serving(
    supervisor: Supervisor,
    environment: dict[str, str],
    *,
    after_start: list[str] | None,
    place: Home,
) -> int:
    base = environment["PUBLIC_URL"]
    _start(supervisor, environment, place=place)
    if after_start is not None and (status := _run_beside(supervisor, after_start, environment)) != 0:
        say(f"run: the demo ended with status {status}; logs are in {place.logs}.")
        return status
    say(f"Serving at {base} - logs in {place.logs} - Ctrl-C stops everything.")
    supervisor.wait_until(lambda: False, seconds=float("inf"))
    return 0


def _start(supervisor: Supervisor, environment: dict[str, str], *, place: Home) -> None:
    base = environment["PUBLIC_URL"]
    with step("Starting the web server, the worker and beat"):
        supervisor.start()
        if not supervisor.wait_until(lambda: _is_ready(base), seconds=READY_SECONDS):
            stop_with(f"the web server did not become ready; its logs are in {place.logs}.")


def _stop_children(supervisor: Supervisor) -> None:
    with step("Stopping"):
        supervisor.stop()


def _run_beside(
    supervisor: Supervisor,
    command: list[str],
    environment: dict[str, str],
    *,
    meanwhile: Callable[[], None] = lambda: None,
) -> int:
    """Run a command to its end while the children are looked after."""

    def ended() -> bool:
        meanwhile()
        return process.poll() is not None

    with subprocess.Popen(command, cwd=CHECKOUT, env=environment) as process:
        try:
            supervisor.wait_until(ended, seconds=float("inf"))
        finally:
            process.terminate()
    return process.returncode


def _prepare_database(given: Servers, *, place: Home) -> None:
    """Make the tables what this version needs. An embedded database that already has them is left alone."""
    stamp = place.file("prepared")
    wanted = f"{given.cluster} {_tables_digest()}"
    if given.cluster and stamp.exists() and stamp.read_text() == wanted:
        return
    with step("Preparing the database"):
        status = _run([str(PYTHON), "manage.py", "prepare_database"], given.environment, output=sys.stderr.fileno())
    if status != 0:
        stop_with("the database could not be prepared; see above.")
    stamp.write_text(wanted)


def _tables_digest() -> str:
    """Return a digest of all migrations and rights, the migrations of installed packages by the packages' lock."""
    digest = hashlib.sha256((CHECKOUT / "requirements.txt").read_bytes())
    for pattern in ("[is]*/**/migrations/*.py", "[is]*/**/grants.py", "supplychain/database/roles.py"):
        for source in sorted(CHECKOUT.glob(pattern)):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _site(port: int) -> dict[str, str]:
    """Return the settings of the site at a port. Cookies do not know ports, so each has names of its own."""
    site = {"PUBLIC_URL": os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{port}")}
    for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        word = name.split("_", 1)[0].lower()
        site[name] = os.environ.get(name, f"supplychain_{word}_{port}")
    return site


def _port() -> int:
    given = os.environ.get("PORT", "8000")
    if not given.isdecimal() or not 0 < int(given) < 65536:
        stop_with(f"PORT must be a number from 1 to 65535, not {given!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(given)))
        except OSError as error:
            stop_with(f"port {given} cannot be used ({error.strerror}); PORT=8001 ./run takes another one.")
    return int(given)


def _is_ready(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/readyz", timeout=5) as answer:  # noqa: S310  (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _temporary_home(*, keep: bool = False) -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="supplychain-test-"))
    try:
        yield Home(folder.resolve())
    finally:
        if keep:
            say(f"The state folder is kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _chromium() -> str | None:
    return next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def _tool(name: str) -> str:
    return str(VENV / "bin" / name)


def _run(command: list[str], environment: dict[str, str], *, output: int | None = None) -> int:
    # Ctrl-C reaches the child too: it is in the foreground, and ends by itself.
    return subprocess.run(command, cwd=CHECKOUT, env=environment, stdout=output, check=False).returncode
