"""Where the public suites lie: beside the repository, or where SUPPLYCHAIN_CORPUS says. They are read, never copied."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"


def suite(name: str) -> Path:
    """Return the folder of one suite; skips the test where the corpus is absent."""
    folder = Path(os.environ.get("SUPPLYCHAIN_CORPUS", _BESIDE)) / name
    if not folder.is_dir():
        pytest.skip(f"the suite {name} is not beside the repository", allow_module_level=True)
    return folder


def cases(folder: Path, pattern: str = "*_test.json") -> Iterator[dict[str, Any]]:
    """Yield the cases of all files of a suite, each with the name of its file as `file`."""
    for path in sorted(folder.rglob(pattern)):
        for case in json.loads(path.read_text(encoding="utf-8"))["tests"]:
            yield case | {"file": path.stem}
