"""One name for a source repository, however a tool writes its address."""

from __future__ import annotations

import re
from typing import Final

LONGEST_REPOSITORY: Final = 1_024

_SCP: Final = re.compile(r"[\w.-]+@([\w.-]+):(?!\d+/)(.+)")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d+)?")
_PART: Final = re.compile(r"[\w.~+-]+", re.ASCII)
_SHORT: Final = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
FORGES: Final = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})
"""Where accounts own repositories, and two spellings of one that differ in case are the same."""


def canonical_repository(text: str) -> str | None:
    """Return `host/owner/name` without scheme, user, `.git` and revision; None where the text is no such address.

    `git+https://github.com/Org/Repo.git@v1#x`, `git@github.com:org/repo`, `ssh://git@github.com/org/repo` and
    `github.com/org/repo` are one repository. Upper and lower case are one where the host says so.
    """
    if len(text) > LONGEST_REPOSITORY:
        return None
    rest = text.strip().removeprefix("git+")
    scp = _SCP.fullmatch(rest)
    if scp:
        rest = f"{scp[1]}/{scp[2]}"
    _, scheme, behind = rest.partition("://")
    rest = behind if scheme else rest
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    authority, _, path = rest.partition("/")
    host = authority.rpartition("@")[2].lower()
    parts = path.partition("@")[0].removesuffix("/").removesuffix(".git").split("/")
    if not _HOST.fullmatch(host) or not all(_PART.fullmatch(part) and part not in {".", ".."} for part in parts):
        return None
    name = "/".join(parts)
    return f"{host}/{name.lower() if host in FORGES else name}"


def repository_on(host: str, short: str) -> str | None:
    """Return the repository that a service of `host` calls `owner/name`; None where the text is no such name."""
    return canonical_repository(f"{host}/{short.strip()}") if _SHORT.fullmatch(short.strip()) else None


def is_same_repository(one: str, other: str) -> bool:
    """Tell whether two addresses name one repository; what is no such address names none."""
    name = canonical_repository(one)
    return name is not None and name == canonical_repository(other)
