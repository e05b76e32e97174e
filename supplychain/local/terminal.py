"""What the person at the terminal sees: one line a step, and a sign of life when a step takes long.

All of it goes to standard error, so that `./run manage …` leaves standard output to the command.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

_SIGN_OF_LIFE_SECONDS = 3.0


def say(line: str) -> None:
    """Print one line at once."""
    print(line, file=sys.stderr, flush=True)


def stop_with(message: str) -> NoReturn:
    """Say why nothing can go on, and end with status 1."""
    say(f"run: {message}")
    raise SystemExit(1)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a step; while it runs, tell every few seconds that it does; at its end, how long it took."""
    begun = time.monotonic()
    say(f"==> {what}")
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(over, begun), daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join()
    say(f"    done in {time.monotonic() - begun:.1f} s")


def _tick(over: threading.Event, begun: float) -> None:
    while not over.wait(_SIGN_OF_LIFE_SECONDS):
        say(f"    … still at it ({time.monotonic() - begun:.0f} s)")
