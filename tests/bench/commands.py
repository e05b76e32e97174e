"""The two steps of `./run bench`: load, then measure."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime

from django.conf import settings

from inventory.models import Artifact, ImageLayer
from tests.bench.estate import SCALES, Estate
from tests.bench.load import load
from tests.bench.measure import measure
from tests.bench.storage import LOADED


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what can be asked for; the launcher has taken out what concerns the state folder."""
    parser.add_argument("step", choices=("load", "measure"), help=argparse.SUPPRESS)
    parser.add_argument("--scale", choices=sorted(SCALES), default="s1", help="size of the estate (s1)")
    parser.add_argument("--layers", action="store_true", help="load manifests too: layers, configs and base images")
    parser.add_argument("--seconds", type=float, default=20.0, help="time of each part that only waits (20)")
    parser.add_argument("--only", action="append", default=[], help="measure this part alone; may be repeated")
    parser.add_argument("--dry", action="store_true", help="print, and leave docs/benchmarks.md as it is")
    parser.add_argument("--web", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Do one step; the exit status tells whether all of it went well."""
    if options.step == "measure":
        return measure(options, estate=Estate(SCALES[options.scale], has_layers=ImageLayer.objects.exists()))
    estate = Estate(SCALES[options.scale], has_layers=options.layers)
    if Artifact.objects.exists():
        tell("the estate is loaded already")
        return 0
    tell(f"loading {options.scale}: {estate.scale.builds:,} builds of {estate.scale.services:,} services")
    loaded = load(estate, until=datetime.now(UTC), tell=tell)
    tell(f"loaded in {loaded.total:.0f} s")
    (settings.HOME / LOADED).write_text(json.dumps(loaded.seconds), encoding="utf-8")
    return 0


def tell(what: str) -> None:
    """Print a line of progress."""
    print(f"==> {what}", file=sys.stderr, flush=True)
