"""From a checkout to a complete environment: Python packages, npm packages, the files that pages load.

Everything is hash-locked, nothing is built here. A stamp named by the lock's content tells what is already there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from locks import held
from places import CHECKOUT, PYTHON, VENV, Home
from terminal import say, step, stop_with

REQUIREMENTS = CHECKOUT / "requirements"
_ONLY_LOCKED = ("--require-hashes", "--only-binary", ":all:")
_SHOWN_LOG_LINES = 15


def prepare(*, home: Home, for_tests: bool) -> None:
    """Make the environment complete for serving, or for tests too; a fraction of a second when it already is."""
    home.logs.mkdir(parents=True, exist_ok=True)
    with held(home.file("setup.lock")), held(_checkout_lock()):
        log = home.logs / "setup.log"
        _make_venv(log)
        _install_python(log, for_tests=for_tests)
        _install_node(log)
        _build_assets(log)


def _checkout_lock() -> Path:
    # Two instances side by side share the checkout's environment.
    VENV.parent.mkdir(parents=True, exist_ok=True)
    return CHECKOUT / ".setup.lock"


def _make_venv(log: Path) -> None:
    if _works(PYTHON):
        return
    with step("Making a Python environment"):
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)], log, hint=_VENV_HINT)


_VENV_HINT = "On Debian the module is a package of its own: apt-get install python3-venv"


def _works(python: Path) -> bool:
    probe = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    return python.exists() and subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0


def _install_python(log: Path, *, for_tests: bool) -> None:
    local, tests = REQUIREMENTS / "local.txt", REQUIREMENTS / "dev.txt"
    if _stamp(tests).exists() or (not for_tests and _stamp(local).exists()):
        return
    wanted = tests if for_tests else local
    with step("Installing the Python packages (hash-locked)"):
        _pip_install(wanted, log)
    for old in VENV.glob(".installed-*"):
        old.unlink()
    _stamp(wanted).touch()


def _pip_install(wanted: Path, log: Path) -> None:
    uv = VENV / "bin" / "uv"
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *_ONLY_LOCKED, "-r"]
    if not uv.exists():
        _run([*pip, str(REQUIREMENTS / "uv.txt")], log)
    # The machine's own certificates, as pip has them: many networks answer with one that uv's list does not know.
    command = [str(uv), "pip", "install", "--system-certs", "--python", str(PYTHON), *_ONLY_LOCKED, "-r", str(wanted)]
    if _try(command, log):
        return
    # uv does not read pip's configuration, where a machine may keep its package index or proxy.
    say(f"    the fast installer (uv) could not, {log} says why; once more with pip")
    _run([*pip, str(wanted)], log)


def _install_node(log: Path) -> None:
    stamp = CHECKOUT / "node_modules" / f".installed-{_digest(CHECKOUT / 'package-lock.json')}"
    if stamp.exists():
        return
    with step("Installing the style sheets and icons (npm, hash-locked)"):
        _run([*_npm(log), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], log)
    stamp.touch()


def _npm(log: Path) -> list[str]:
    """Return the command of the machine's npm, or of one installed from the hash-locked requirements."""
    if found := shutil.which("npm"):
        return [found]
    if not (VENV / "bin" / "npm").exists():
        _pip_install(REQUIREMENTS / "node.txt", log)
    return [str(VENV / "bin" / "npm")]


def _build_assets(log: Path) -> None:
    _run([str(PYTHON), str(CHECKOUT / "supplychain" / "local" / "assets.py")], log)


def _stamp(lock: Path) -> Path:
    return VENV / f".installed-{lock.stem}-{_digest(lock)}"


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:16]


def _try(command: list[str], log: Path) -> bool:
    # npm and uv look for `node` and `python` beside them first.
    environment = {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    environment.pop("VIRTUAL_ENV", None)
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        done = subprocess.run(
            command, cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    return done.returncode == 0


def _run(command: list[str], log: Path, *, hint: str = "") -> None:
    if _try(command, log):
        return
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LOG_LINES:]:
        say(f"    {line}")
    stop_with(f"this step failed; the whole log is {log}. {hint}".rstrip())
