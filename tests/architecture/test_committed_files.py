"""What every committed file keeps to: no path of a machine, no package registry, no file too long to read."""

import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
# Written in parts, so that this file does not name them itself.
MACHINE_PATHS = re.compile(r"(?<![\w./-])/(?:" + "|".join(("wor" + "k", "op" + "t", "roo" + "t")) + r")/\w")
REGISTRIES = re.compile("|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs")))
MAX_LINES, MAX_TEST_LINES = 400, 500


def committed() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("this is no git checkout")
    paths = (CHECKOUT / name for name in listing.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def is_data(path: Path) -> bool:
    return "data" in path.relative_to(CHECKOUT).parts


def texts() -> list[tuple[str, str]]:
    found = []
    for path in committed():
        if is_data(path):
            continue
        try:
            found.append((str(path.relative_to(CHECKOUT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a picture
    return found


def test_no_file_names_a_folder_of_the_machine_it_was_written_on():
    assert [name for name, text in texts() if MACHINE_PATHS.search(text)] == []


def test_no_file_names_a_package_registry():
    assert [name for name, text in texts() if REGISTRIES.search(text)] == []


def test_no_python_file_is_too_long_to_read():
    too_long = {
        name: lines
        for name, text in texts()
        if name.endswith(".py") and "/migrations/" not in name
        if (lines := text.count("\n")) > (MAX_TEST_LINES if name.startswith("tests/") else MAX_LINES)
    }

    assert too_long == {}
