"""Secrets of the embedded default: made once, readable by their owner alone."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

_SECRET_BYTES = 48


def _token() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def read_or_create(path: Path, *, make: Callable[[], str] = _token) -> str:
    """Return the secret in the file; make the file (mode 0600) when it is not there.

    Safe when several processes start at once: one of them makes the file, and all return what it holds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create(path, make)
    return path.read_text(encoding="ascii").strip()


def _create(path: Path, make: Callable[[], str]) -> None:
    # Written beside and then linked: a reader never sees a half-written file, and the first one wins.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(make())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first, and its secret is the one
    finally:
        draft.unlink()
