"""Names a source repository in one form, whatever a builder writes: `github.com/org/repository`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from inventory.formats.records import storable

_SCHEME: Final = re.compile(r"(?:git\+)?(?:https?|ssh|git)://(?:[^@/]*@)?", re.IGNORECASE)
_SCP: Final = re.compile(r"(?:git\+)?(?:[\w.-]+@)([\w.-]+\.[\w-]+):(?!/)(.+)")
_HOST: Final = re.compile(r"[a-z0-9][a-z0-9.-]*\.[a-z0-9-]+(?::\d+)?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST: Final = 1_024


@dataclass(frozen=True, slots=True)
class Source:
    """A repository, with the ref and commit that stood in its address. All '' when it was no repository."""

    repository: str = ""
    ref: str = ""
    commit: str = ""


def parse_source(uri: str) -> Source:
    """Read `git+https://host/org/repo@ref`, `https://host/org/repo.git#ref:folder`, `git@host:org/repo` and their kin.

    What has no host (`https:` of a path, a package URL, an object store) is no repository.
    """
    address, ref = _split_ref(uri.strip())
    bare = _without_scheme(address)
    if bare is None:
        return Source()
    host, _, path = bare.partition("/")
    path = path.split("?", 1)[0].strip("/").removesuffix(".git")
    if not _HOST.fullmatch(host.lower()) or "/" not in path or "/-/" in path:
        return Source()
    is_commit = bool(_COMMIT.fullmatch(ref))
    repository = storable(f"{host.lower()}/{path}")[:_LONGEST]
    return Source(repository, "" if is_commit else storable(ref)[:_LONGEST], ref if is_commit else "")


def _split_ref(uri: str) -> tuple[str, str]:
    address, hash_, ref = uri.partition("#")
    if hash_:
        return address, ref.partition(":")[0]
    scheme_end = uri.find("://") + 3 if "://" in uri else 0
    path_start = uri.find("/", scheme_end)
    at = uri.find("@", path_start) if path_start >= 0 else -1
    return (uri[:at], uri[at + 1 :]) if at >= 0 else (uri, "")


def _without_scheme(address: str) -> str | None:
    scp = _SCP.fullmatch(address)
    if scp:
        return f"{scp[1]}/{scp[2]}"
    bare = _SCHEME.sub("", address, count=1)
    return None if bare == address and not address.startswith(("github.com/", "gitlab.com/")) else bare
