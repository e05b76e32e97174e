"""The health checks of the containers: `healthy.py ADDRESS` or `healthy.py FILE`. Ends with 0 or 1, and says why.

An address must answer 200 (the web server's /readyz); a file must have been touched lately (supplychain/heartbeat.py).
It imports nothing of the product, so that asking every few seconds costs nothing.
"""

import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

FRESH_SECONDS = 30.0
ANSWER_SECONDS = 4.0


def main(target: str) -> int:
    """Check one address or file."""
    problem = _address(target) if target.startswith("http://") else _file(Path(target))
    print(problem or "healthy")  # noqa: T201  # the engine keeps what a check says
    return 1 if problem else 0


def _address(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_SECONDS):  # noqa: S310  # our own address
            return ""
    except (urllib.error.URLError, OSError) as error:
        return f"{address}: {error}"


def _file(file: Path) -> str:
    try:
        age = time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return f"{file} is not there (yet)"
    return f"{file} was touched {age:.0f} s ago" if age > FRESH_SECONDS else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
