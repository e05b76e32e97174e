"""Run drills: `./run drill NAME [options]`. Prints criterion and result; ends with 1 when one failed."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

from tests.drills.catalogue import DRILLS, Drill
from tests.drills.findings import DrillError, Findings


def main(arguments: list[str]) -> int:
    """List the drills, run one with its options, or run all."""
    signal.signal(signal.SIGTERM, _interrupt)
    if not arguments:
        _list()
        return 0
    name, *rest = arguments
    if name == "all":
        return max(_run(drill, drill.options) for drill in DRILLS)
    chosen = [drill for drill in DRILLS if name.lower() in {drill.code.lower(), drill.name}]
    if not chosen:
        print(f"There is no drill {name}; `./run drill` lists them.", file=sys.stderr)
        return 2
    [drill] = chosen
    return _run(drill, _parse(drill, rest))


def _list() -> None:
    print("Usage: ./run drill NAME [options] | all\n")
    for drill in DRILLS:
        print(f"  {drill.code:<4} {drill.name:<11} {drill.criterion}")
        for field in dataclasses.fields(drill.options):
            print(f"                     --{field.name.replace('_', '-')} {getattr(drill.options, field.name)}")


def _parse(drill: Drill, arguments: list[str]) -> object:
    parser = argparse.ArgumentParser(prog=f"./run drill {drill.name}", description=drill.criterion)
    for field in dataclasses.fields(drill.options):
        default = getattr(drill.options, field.name)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(default), default=default)
    return dataclasses.replace(drill.options, **vars(parser.parse_args(arguments)))


def _run(drill: Drill, options: object) -> int:
    print(f"{drill.code} {drill.name}: {drill.criterion}", flush=True)
    begun = time.monotonic()
    try:
        findings = drill.run(options)
    except DrillError as error:
        findings = Findings(faults=[str(error)])
    print(findings.line(drill.code, seconds=time.monotonic() - begun), flush=True)
    return 0 if findings.passed or findings.impossible else 1


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
