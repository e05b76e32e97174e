"""Measure a running site: `./run bench` starts one on a loaded estate and calls this beside it."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import (
    admission,
    asking,
    bridge,
    costs,
    fairness,
    feed,
    incidents,
    ingest,
    naive,
    page,
    pages,
    reading,
    storage,
)
from tests.bench.figures import Figure, Part, Results, machine
from tests.bench.site import Site

if TYPE_CHECKING:
    import argparse

    from tests.bench.estate import Estate


def absent(_site: Site) -> list[Figure]:
    """Name the budgets of what is to come."""
    return [Figure("page.maturity", "page: maturity, p95", None, "ms", 200)]


Measurement = Callable[[Site], list[Figure]]
PARTS: dict[str, Measurement] = {
    "load": storage.loading,
    "storage": storage.storage,
    "warm-up": ingest.warm_up,
    "questions": asking.warm,
    "questions, cold": asking.cold,
    "pages": pages.pages,
    "admission": admission.admission,
    "round trips and statements": costs.costs,
    "sustained ingest": ingest.sustained,
    "half load": ingest.half_load,
    "questions while two workers ingest": asking.beside_ingest,
    "large documents": ingest.large,
    "large documents beside small ones": ingest.large_beside_small,
    "fairness": fairness.fairness,
    "a feed of 200,000 advisories": feed.feed,
    "readers": reading.reading,
    "baseline: a bridge table": bridge.bridge,
    "baseline: the naive Django way": naive.naive,
    "an incident of a long list": incidents.incidents,
    "not built yet": absent,
}

BY_NAME_ALONE = frozenset({"a feed of 200,000 advisories", "readers"})
"""Parts that have nothing to do with the estate and take minutes: `--only` asks for them."""


def measure(options: argparse.Namespace, *, estate: Estate) -> int:
    """Run the parts in turn, keep and print what they come to; 1 when one of them failed.

    What a kept state folder has already measured is not measured again. Of an estate with layers nothing is written
    down: budgets are those of one without.
    """
    site = Site(estate, Path(options.folder), web=options.web, worker=options.worker, seconds=options.seconds)
    results = _resume(site, fresh=Results(options.scale, machine()))
    known = results.figures.get("ingest.documents")
    if known is not None and known.value is not None:
        site.rate = known.value
    asked = options.only or PARTS.keys() - BY_NAME_ALONE
    wanted = {name: work for name, work in PARTS.items() if name in asked}
    for name, work in wanted.items():
        if name in {part.name for part in results.parts if not part.error} and not options.only:
            continue
        results.parts = [part for part in results.parts if part.name != name]
        results.parts.append(run_part(name, work, site=site))
        _file(site).write_text(json.dumps(results.as_json()), encoding="utf-8")
    print("\n".join(page.result_lines(results)))
    if options.dry or estate.has_layers:
        return _status(results)
    if options.only:
        page.write_apart(Results(results.scale, results.measured_on, results.parts[-len(wanted) :]))
    else:
        page.keep(results)
        page.write()
    return _status(results)


def _status(results: Results) -> int:
    return 1 if any(part.error for part in results.parts) else 0


def run_part(name: str, work: Measurement, *, site: Site) -> Part:
    print(f"==> {name} (load average {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
    part, begun = Part(name), time.monotonic()
    try:
        part.figures = work(site)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # told in the results; the other parts still count
        traceback.print_exc()
        part.error = f"{type(error).__name__}: {error}"[:300].replace("\n", " ").replace("|", "/")
    part.seconds = time.monotonic() - begun
    for figure in part.figures:
        print(f"    {figure.row()}", file=sys.stderr, flush=True)
    return part


def _resume(site: Site, *, fresh: Results) -> Results:
    kept = _file(site)
    if not kept.exists():
        return fresh
    held = Results.from_json(json.loads(kept.read_text(encoding="utf-8")))
    held.measured_on = fresh.measured_on
    return held


def _file(site: Site) -> Path:
    return site.folder / "results.json"
