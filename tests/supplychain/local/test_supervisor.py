"""Children: restarted with patience, given up when hopeless, stopped in order, and never left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import supervisor
from supervisor import Child, GaveUpError, Supervisor

FOLDER = os.path.dirname(supervisor.__file__)  # noqa: PTH120  (a text, for the program below)


def child(tmp_path, code, *, name="child"):
    return Child(name=name, command=[sys.executable, "-c", code], log=tmp_path / f"{name}.log")


def ends(pid, *, seconds=60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_a_child_that_ends_is_started_again(tmp_path):
    marks = tmp_path / "marks"
    one = child(tmp_path, f"open({str(marks)!r}, 'a').write('x'); import time; time.sleep(0.2)")
    keeper = Supervisor([one], environment=dict(os.environ))

    keeper.start()
    try:
        assert keeper.wait_until(lambda: marks.exists() and len(marks.read_text()) >= 2, seconds=60)
    finally:
        keeper.stop()


def test_a_child_that_cannot_start_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "_BACK_OFF_SECONDS", (0.01,))
    keeper = Supervisor([child(tmp_path, "raise SystemExit(3)")], environment=dict(os.environ))

    keeper.start()
    with pytest.raises(GaveUpError, match="child ended 6 times"):
        keeper.wait_until(lambda: False, seconds=60)


def test_every_child_is_asked_to_end_and_waited_for(tmp_path):
    code = textwrap.dedent(f"""
        import signal, sys, time
        from pathlib import Path
        def end(*_):
            time.sleep(0.2)
            Path({str(tmp_path)!r}, sys.argv[1] + ".ended").touch()
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        Path({str(tmp_path)!r}, sys.argv[1] + ".up").touch()
        time.sleep(60)
    """)
    children = [child(tmp_path, code, name=name) for name in ("web", "worker")]
    for one in children:
        one.command.append(one.name)
    keeper = Supervisor(children, environment=dict(os.environ))
    keeper.start()
    assert keeper.wait_until(lambda: len(list(tmp_path.glob("*.up"))) == 2, seconds=60)

    keeper.stop()

    assert len(list(tmp_path.glob("*.ended"))) == 2


def test_a_child_ends_when_its_supervisor_is_killed(tmp_path):
    code = textwrap.dedent(f"""
        import os, sys, time
        from pathlib import Path
        sys.path.insert(0, {FOLDER!r})
        from supervisor import Child, Supervisor
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        child = Child(name="c", command=command, log=Path({str(tmp_path)!r}) / "log")
        Supervisor([child], environment=dict(os.environ)).start()
        print(child.process.pid, flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout is not None
        pid = int(keeper.stdout.readline())
        time.sleep(0.3)
        keeper.send_signal(signal.SIGKILL)

    assert ends(pid)
