"""The Dockerfile read, and its build's own commands run in a folder: the application as the image holds it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.deploy.compose import CHECKOUT


def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments, continued lines joined."""
    text = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    words = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return [(word.upper(), rest) for word, rest in words]


def last_stage() -> list[tuple[str, str]]:
    """Return the instructions of the stage that is shipped."""
    instructions = dockerfile()
    start = max(place for place, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[start:]


def ignore_rules() -> list[str]:
    lines = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def is_sent(path: str) -> bool:
    """Tell whether a path is sent to the build: the last rule that names it or a folder above it wins."""
    sent = True
    for rule in ignore_rules():
        pattern = rule.removeprefix("!").removeprefix("**/")
        above = [path, *(str(parent) for parent in Path(path).parents)]
        if any(fnmatch(one, pattern) or (rule.startswith("**/") and fnmatch(Path(one).name, pattern)) for one in above):
            sent = rule.startswith("!")
    return sent


def committed() -> list[str]:
    """Return every file of the checkout that git knows."""
    listing = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("this is no git checkout")
    return listing.stdout.splitlines()


def environment() -> dict[str, str]:
    """Return what the image's ENV sets, but for PATH."""
    pairs = [pair.split("=", 1) for name, rest in last_stage() if name == "ENV" for pair in rest.split()]
    return {name: value for name, value in pairs if name != "PATH"}


def command() -> list[str]:
    """Return what the image starts when it is not told otherwise."""
    words: list[str] = json.loads(dict(last_stage())["CMD"])
    return words


def build(folder: Path) -> None:
    """Do in a folder what the build does: copy what is sent to it, make and collect the static files."""
    for name in committed():
        if is_sent(name) and (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)
    (folder / "node_modules").symlink_to(CHECKOUT / "node_modules")
    (collect,) = [rest for name, rest in dockerfile() if name == "RUN" and "collectstatic" in rest]
    done = subprocess.run(
        ["sh", "-c", collect.replace("/venv/bin/python", sys.executable)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "SUPPLYCHAIN_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
