"""docs/benchmarks.md: what was measured at each scale, and the budgets side by side.

Results are kept as files beside this one, a scale each; so the page can be written again from them, and a run at one
scale leaves the figures of the others. Causes are written by hand, in causes.json, by the budget's key.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import CHECKOUT, Results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.bench.figures import Figure

PAGE = CHECKOUT / "docs" / "benchmarks.md"
_KEPT = Path(__file__).parent / "results"
_CAUSES = _KEPT / "causes.json"
_SCALES = ("s1", "s10", "s100")
_JUDGED = ("s10", "s100")
_APART = frozenset({"readers"})
"""Parts that have nothing to do with the estate, and a place of their own on the page."""


def keep(results: Results) -> None:
    """Keep the results of a run."""
    _KEPT.mkdir(exist_ok=True)
    (_KEPT / f"{results.scale}.json").write_text(json.dumps(results.as_json(), indent=1) + "\n", encoding="utf-8")


def write_apart(results: Results, page: Path = PAGE) -> None:
    """Write those parts of a run that have a place of their own into it; nothing else of the page changes."""
    for part in results.parts:
        if part.name in _APART:
            lines = result_lines(Results(part.name, results.measured_on, [part]))
            text = _between(page.read_text(encoding="utf-8"), part.name, "\n".join(lines))
            page.write_text(text, encoding="utf-8")


def kept() -> dict[str, Results]:
    """Return the newest results of each scale."""
    paths = {scale: _KEPT / f"{scale}.json" for scale in _SCALES}
    return {
        scale: Results.from_json(json.loads(path.read_text(encoding="utf-8")))
        for scale, path in paths.items()
        if path.exists()
    }


def write(page: Path = PAGE) -> None:
    """Write the kept results into the page, each between its own marks."""
    results = kept()
    causes = json.loads(_CAUSES.read_text(encoding="utf-8"))
    text = _between(page.read_text(encoding="utf-8"), "budgets", "\n".join(budget_rows(results, causes=causes)))
    for scale, held in results.items():
        text = _between(text, scale, "\n".join(result_lines(held)))
    page.write_text(text, encoding="utf-8")


def budget_rows(results: Mapping[str, Results], *, causes: Mapping[str, str]) -> Iterator[str]:
    """Yield the table of budgets: the limit, what each scale came to, whether all of them are met, why not."""
    yield f"| budget | limit | {' | '.join(_JUDGED)} | | cause, where it is not met |"
    yield f"|---|---|{'---|' * len(_JUDGED)}---|---|"
    found = [results[scale].figures if scale in results else {} for scale in _JUDGED]
    keys = dict.fromkeys(key for figures in found for key, figure in figures.items() if figure.budget is not None)
    for key in keys:
        known = [figures.get(key) for figures in found]
        one = next(figure for figure in known if figure is not None)
        shown = " | ".join("not run" if figure is None else figure.shown for figure in known)
        yield f"| {one.what} | {one.limit} | {shown} | {_verdict(known)} | {causes.get(key, '')} |"


def result_lines(results: Results) -> Iterator[str]:
    """Yield everything that was measured at one scale."""
    yield from (results.measured_on, "", "| what | measured | budget | |", "|---|---|---|---|")
    for part in results.parts:
        yield from (figure.row() for figure in part.figures)
        if part.error:
            yield f"| {part.name} | **failed**: {part.error} | - | - |"


def _verdict(figures: list[Figure | None]) -> str:
    verdicts = {figure.is_met for figure in figures if figure is not None}
    return "**not met**" if False in verdicts else "met" if True in verdicts else "-"


def _between(text: str, name: str, lines: str) -> str:
    """Replace what stands between the marks of a name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not marked.search(text):
        raise SystemExit(f"bench: docs/benchmarks.md has no place for {name} ({begin} … {end}).")
    return marked.sub(lambda _match: f"{begin}\n{lines}\n{end}", text)
