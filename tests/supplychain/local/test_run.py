"""`./run` as a person meets it: help, mistakes, a port that is taken."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


def run(*arguments, home, **environment):
    # The environment is complete already: only the command itself is of interest here.
    given = {**os.environ, "SUPPLYCHAIN_HOME": str(home), "SUPPLYCHAIN_BOOTSTRAPPED": "1", **environment}
    command = [str(CHECKOUT / "run"), *arguments]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=240)


def test_help_names_every_command(tmp_path):
    done = run("help", home=tmp_path)

    assert done.returncode == 0
    for command in ("serve", "stop", "manage", "test", "lint"):
        assert f"./run {command}" in done.stdout


def test_an_unknown_command_answers_with_the_usage(tmp_path):
    done = run("srve", home=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: ./run" in done.stderr


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_a_bad_port_is_named(tmp_path, port):
    done = run("serve", home=tmp_path, PORT=port)

    assert done.returncode == 1
    assert f"PORT must be a number from 1 to 65535, not '{port}'" in done.stderr


def test_a_taken_port_is_told_before_anything_starts(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = run("serve", home=tmp_path, PORT=str(port))

    assert done.returncode == 1
    assert f"port {port} cannot be used" in done.stderr
    assert "PostgreSQL" not in done.stderr


def test_stop_with_nothing_to_stop_says_so(tmp_path):
    done = run("stop", home=tmp_path, DATABASE_URL="postgresql://unused/x", REDIS_URL="redis://unused/0")

    assert done.returncode == 0
    assert "Nothing is serving" in done.stderr
