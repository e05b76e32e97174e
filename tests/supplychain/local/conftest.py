"""The launcher is no package: its modules are files of one folder, found as `./run` finds them."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "supplychain" / "local"
sys.path.append(str(FOLDER))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A state folder whose servers are embedded."""
    from places import Home

    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    return Home(tmp_path)
