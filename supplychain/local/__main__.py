"""The launcher behind `./run`: run by path (`python supplychain/local`), standard library only.

By path, because `supplychain` itself imports Django and Celery, which are not there before the first start; a
folder of its own, because beside supplychain/celery.py an `import celery` would find the wrong one.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

import bootstrap
import commands
from places import PYTHON, home
from terminal import stop_with

USAGE = """\
Usage: ./run [COMMAND]

  ./run                  set up, serve with the demo estate, ask an incident question, print the answer
  ./run serve            set up and serve, without the demo
  ./run stop             stop what serves from this state folder
  ./run manage ARGS…     a management command: create_key, create_user, verify_audit, … (`./run manage help`)
  ./run test [ARGS…]     all checks and tests with servers of their own; with ARGS, pytest alone with them
  ./run conformance [SUITE…]
                         the public suites of the formats, written to docs/conformance.md
                         (SUPPLYCHAIN_CORPUS names their folder; --help lists them)
  ./run bench [ARGS…]    measure on an estate made from a seed, and write docs/benchmarks.md
                         (--scale s1|s10|s100; --load-only; --keep or --home FOLDER keeps it)
  ./run drill [NAME]     break things on purpose and count what was lost; without a name it lists the drills
  ./run lint             style, types and import contracts
  ./run help             this text

Environment:
  PORT                   where it serves (8000, on 127.0.0.1)
  SUPPLYCHAIN_HOME       the state folder (var in the checkout); a second one runs side by side on another PORT
  DATABASE_URL           a PostgreSQL 15 or newer to use instead of the embedded one (postgresql://…)
  REDIS_URL              a Redis 7 or newer, or Valkey, to use instead of the embedded one (redis://…)

docs/operations.md has the table of all settings.
"""
_SIMPLE = {"up": commands.up, "serve": commands.serve, "stop": commands.stop, "lint": commands.lint}
_WITH_ARGUMENTS = {
    "manage": commands.manage,
    "test": commands.test,
    "conformance": commands.conformance,
    "bench": commands.bench,
    "drill": commands.drill,
}
_NEEDS_TESTS = frozenset({"test", "lint", "conformance", "bench", "drill"})


def main(arguments: list[str]) -> int:
    """Run one command; on the system's Python, first make the environment and continue inside it."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("up", [])
    if name in {"help", "-h", "--help"}:
        print(USAGE, end="")
        return 0
    if name not in _SIMPLE and name not in _WITH_ARGUMENTS:
        print(USAGE, end="", file=sys.stderr)
        return 2
    if name in _SIMPLE and rest:
        stop_with(f"`./run {name}` takes no arguments.")
    _stop_on_signals()
    if "SUPPLYCHAIN_BOOTSTRAPPED" not in os.environ:
        bootstrap.prepare(home=home(), for_tests=name in _NEEDS_TESTS)
        _continue_inside(arguments)
    del os.environ["SUPPLYCHAIN_BOOTSTRAPPED"]
    return _SIMPLE[name]() if name in _SIMPLE else _WITH_ARGUMENTS[name](rest)


def _continue_inside(arguments: list[str]) -> NoReturn:
    os.environ["SUPPLYCHAIN_BOOTSTRAPPED"] = "1"
    os.execv(PYTHON, [str(PYTHON), str(Path(__file__).resolve().parent), *arguments])  # noqa: S606  (no shell is wanted)


def _stop_on_signals() -> None:
    # A script's background job is started with SIGINT ignored, and is stopped by it all the same.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` wants it to outlive the terminal
        signal.signal(signal.SIGHUP, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
