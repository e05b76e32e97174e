"""What is locked: hashes for everything, no address of where it came from, one version of each package."""

import json
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LOCKS = [CHECKOUT / "requirements.txt", *sorted((CHECKOUT / "requirements").glob("*.txt"))]
_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>\S+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    return {match["name"]: match["version"] for match in _PIN.finditer(lock.read_text())}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_python_lock_names_no_address_and_no_folder_of_a_machine(lock):
    text = lock.read_text()

    assert "://" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|(^|\s)/\w+/", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_python_package_has_a_hash(lock):
    entries = re.split(r"\n(?=[a-z0-9])", lock.read_text().strip())
    unhashed = [entry for entry in entries if "--hash=sha256:" not in entry]

    assert unhashed == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_pins_another_version_than_the_runtime(lock):
    runtime = pins(LOCKS[0])

    differing = {name: version for name, version in pins(lock).items() if runtime.get(name, version) != version}

    assert differing == {}


def test_the_npm_lock_has_a_hash_for_each_package_and_no_address():
    packages = json.loads((CHECKOUT / "package-lock.json").read_text())["packages"]

    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []
