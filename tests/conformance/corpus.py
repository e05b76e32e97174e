"""Where the public suites lie: beside the repository, or where SUPPLYCHAIN_CORPUS says. They are read, never copied."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

_BESIDE = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus"
_MOST_NAMED = 3


def corpus() -> Path:
    """Return the folder of all suites, whether it is there or not."""
    return Path(os.environ.get("SUPPLYCHAIN_CORPUS") or _BESIDE)


def absent(folders: tuple[str, ...]) -> str:
    """Say which folders of the corpus are not at hand; '' when all are."""
    missing = [name for name in folders if not (corpus() / name).is_dir()]
    return f"its data is not at hand: {', '.join(missing)}" if missing else ""


def cases(folder: Path, pattern: str = "*_test.json") -> Iterator[dict[str, Any]]:
    """Yield the cases of all files of a suite, each with the name of its file as `file` and its `place` in it."""
    for path in sorted(folder.rglob(pattern)):
        for place, case in enumerate(json.loads(path.read_text(encoding="utf-8"))["tests"]):
            yield case | {"file": path.stem, "place": place}


@cache
def entries() -> tuple[dict[str, Any], ...]:
    """Return what the corpus's manifest says of each file that is there."""
    listed = json.loads((corpus() / "MANIFEST.json").read_text(encoding="utf-8"))["entries"]
    return tuple(entry for entry in listed if (corpus() / entry["path"]).is_file())


def versions(folders: tuple[str, ...]) -> str:
    """Name where the data of some folders comes from: repository and commit, or the tool that made it."""
    prefixes = tuple(f"{name.strip('/')}/" for name in folders)
    found = sorted({_source(entry["source"]) for entry in entries() if entry["path"].startswith(prefixes)})
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return ", ".join(found[:_MOST_NAMED]) + more


def _source(source: dict[str, Any]) -> str:
    if source.get("repo"):
        return f"{source['repo']} {(source.get('commit') or '')[:8]}".strip()
    return str(source.get("made_with", "made by hand")).partition(" on ")[0].partition(" (")[0]
