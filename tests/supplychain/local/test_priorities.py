"""The worker and its connections stand below who asks, where the machine lets us; it is said where it does not."""

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path

import priorities
import psycopg
import pytest
from postgres import Postgres
from priorities import WorkerConnections, lower
from programs import children, site, worker_nice
from supervisor import Child, Supervisor

HAS_SESSIONS = pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="this kernel does not divide time among sessions"
)
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the processes of connections are found in /proc")

CORES = os.cpu_count() or 1


@pytest.fixture
def sleeper():
    """A process in a session of its own."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


def niceness(pid):
    return os.getpriority(os.PRIO_PROCESS, pid)


def of_session(pid):
    return Path(f"/proc/{pid}/autogroup").read_text().rpartition(" ")[2].strip()


@contextlib.contextmanager
def connected(server, role):
    """Connect as a role; the block gets the process of the server that works for the connection."""
    with psycopg.connect(server.url_of(role)) as connection:
        yield connection.info.backend_pid


def below_us(by):
    return min(19, niceness(0) + by)


def test_a_process_is_lowered(sleeper):
    lower(sleeper.pid, by=3)

    assert niceness(sleeper.pid) == below_us(3)


@HAS_SESSIONS
def test_its_session_is_lowered_too(sleeper):
    ours = of_session(os.getpid())

    lower(sleeper.pid, by=7)

    assert of_session(sleeper.pid) == "7"
    assert of_session(os.getpid()) == ours


def test_a_process_that_has_ended_is_nobodys_matter(sleeper, capsys):
    sleeper.kill()
    sleeper.wait()

    lower(sleeper.pid, by=3)

    assert capsys.readouterr().err == ""


@HAS_SESSIONS
def test_a_kernel_that_is_asked_too_often_is_asked_again(sleeper, monkeypatch):
    write, refused = Path.write_text, list[Path]()

    def busy(path, text):
        if len(refused) < 3:
            refused.append(path)
            raise OSError(errno.EAGAIN, "busy")
        return write(path, text)

    monkeypatch.setattr(priorities, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(Path, "write_text", busy)

    lower(sleeper.pid, by=5)

    assert len(refused) == 3
    assert of_session(sleeper.pid) == "5"


def test_who_may_not_is_told_and_goes_on(sleeper, monkeypatch, capsys):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", refuse)

    lower(sleeper.pid, by=3)

    assert f"process {sleeper.pid} keeps its priority, so questions may wait for it" in capsys.readouterr().err
    assert sleeper.poll() is None


def test_a_system_without_sessions_or_proc_lowers_the_process_alone(sleeper, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(priorities, "_PROCESSES", tmp_path)

    lower(sleeper.pid, by=3)

    assert (niceness(sleeper.pid), capsys.readouterr().err) == (below_us(3), "")


def test_connections_that_cannot_be_found_are_told_of_once(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(priorities, "_PROCESSES", tmp_path)
    monkeypatch.setattr(priorities, "_LOOK_EVERY_SECONDS", 0.0)
    connections = WorkerConnections(server=os.getpid, by=10)

    connections.look()
    connections.look()

    assert capsys.readouterr().err.count("database connections keep their priority") == 1


def test_while_the_server_is_down_there_is_nothing_to_lower(capsys):
    WorkerConnections(server=lambda: None, by=10).look()

    assert capsys.readouterr().err == ""


@ON_LINUX
def test_connections_of_the_worker_are_lowered_and_no_others(home, monkeypatch):
    monkeypatch.setattr(priorities, "_LOOK_EVERY_SECONDS", 0.0)
    server = Postgres(home, durable=False)
    server.start()
    try:
        for role in ("supplychain_web", "supplychain_worker"):
            server._sql(f"CREATE ROLE {role} LOGIN")
        connections = WorkerConnections(server=server.pid, by=4)
        with connected(server, "supplychain_web") as web, connected(server, "supplychain_worker") as worker:
            connections.look()
            connections.look()

            assert (niceness(web), niceness(worker), niceness(server.pid())) == (niceness(0), below_us(4), niceness(0))
            if Path("/proc/self/autogroup").exists():  # where sessions share the cores, theirs alone count
                assert (of_session(web), of_session(worker), of_session(server.pid())) == ("0", "4", "0")
    finally:
        server.stop()


@ON_LINUX
def test_a_child_is_started_lower_and_what_it_starts_is_too(tmp_path):
    told = tmp_path / "told"
    code = f"import os, subprocess; subprocess.run(['sh', '-c', 'sleep 60 & echo $! $$ > {told}; wait'])"
    child = Child(name="worker", command=[sys.executable, "-c", code], log=tmp_path / "log", nice=6)
    keeper = Supervisor([child], environment=dict(os.environ))
    keeper.start()
    try:
        assert keeper.wait_until(lambda: told.exists() and told.read_text().endswith("\n"), seconds=60)
        assert [niceness(int(pid)) for pid in told.read_text().split()] == [below_us(6)] * 2
    finally:
        keeper.stop()


def test_the_worker_alone_is_lowered(home):
    found = {child.name: child.nice for child in children(home, port=8000, environment={"DATABASE_URL": "owner"})}

    assert found == {"web": 0, "worker": worker_nice(), "beat": 0}
    assert worker_nice() > 0


@pytest.mark.parametrize("given", ["20", "-5", "low"])
def test_a_wrong_niceness_is_named(monkeypatch, capsys, given):
    monkeypatch.setenv("WORKER_NICE", given)

    with pytest.raises(SystemExit):
        worker_nice()

    assert f"WORKER_NICE must be a number from 0 to 19, not '{given}'" in capsys.readouterr().err


@ON_LINUX
def test_who_is_lower_goes_on_beside_those_who_never_rest(tmp_path):
    """Counted, not timed: a weight, unlike a queue, lets everybody have a share."""
    steps = tmp_path / "steps"
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True) for _ in range(2 * CORES)
    ]
    code = f"for _ in range(50): sum(range(10_000)); open({str(steps)!r}, 'a').write('.')"
    try:
        with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as lowered:
            lower(lowered.pid, by=worker_nice())
            lowered.wait()
    finally:
        for process in busy:
            process.kill()
            process.wait()

    assert steps.read_text() == "." * 50


@pytest.mark.parametrize(("nice", "looks"), [("5", True), ("0", False)])
def test_a_site_with_an_embedded_database_looks_after_its_connections(home, monkeypatch, nice, looks):
    monkeypatch.setenv("WORKER_NICE", nice)
    environment = {"DATABASE_URL": "owner"}

    supervisor = site(home, port=8000, environment=environment, postgres=Postgres(home, durable=False))

    assert isinstance(getattr(supervisor.meanwhile, "__self__", None), WorkerConnections) is looks
    assert {child.nice for child in supervisor.children if child.name == "worker"} == {int(nice)}


def test_connections_to_a_database_that_is_not_ours_are_left_alone(home):
    supervisor = site(home, port=8000, environment={"DATABASE_URL": "owner"}, postgres=None)

    assert not isinstance(getattr(supervisor.meanwhile, "__self__", None), WorkerConnections)
