"""One spelling for the address of a download, however a script writes it."""

from __future__ import annotations

import re
from typing import Final

LONGEST_ADDRESS: Final = 2_048
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def normal_address(url: str) -> str:
    """Return an address without scheme, user, query and fragment, its host in lower case."""
    rest = re.split(r"[?#]", _SCHEME.sub("", url.strip()), maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    return f"{host.rpartition('@')[2].lower()}{slash}{path}".rstrip("/.,")[:LONGEST_ADDRESS]
