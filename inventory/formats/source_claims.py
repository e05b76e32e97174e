"""Where a component comes from, as its SBOM says: repositories and commits. Claims, which nobody verified.

CycloneDX: `externalReferences` of type vcs, commits of a pedigree. SPDX: `downloadLocation` of a version control system
(SPDX 2.3, clause 7.7; 3.0 has `externalRef` of type vcs too). Addresses of archives and registries are none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from inventory.identity.origins import read_repository
from inventory.identity.repositories import FORGES, LONGEST_REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_CLAIMS: Final = 8
"""Of one component: more are nobody's honest statement."""
REPOSITORY, COMMIT, ACCOUNT = "repository", "commit", "account"
_VCS: Final = b'"vcs"'
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BEHIND: Final = re.compile(r"[@/]([0-9a-f]{40}|[0-9a-f]{64})(?=$|[#?])")
_COMMIT_LENGTHS: Final = (40, 64)
_OF_FORGE: Final = 3
_PLAIN: Final = re.compile(
    r"https://([a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z]+)/([\w+~-][\w.+~-]*)/([\w+~-][\w.+~-]*?)(?:\.git)?/?", re.ASCII
)
"""How most addresses are written: told at a fifth of what any other costs."""


class SourceClaim(msgspec.Struct, frozen=True, gc=False):
    """A repository by its one name, the whole id of a commit, or an account in lower case."""

    kind: str
    value: str


class _Reference(msgspec.Struct, gc=False):
    type: str | None = None
    url: str | None = None


_REFERENCES: Final = msgspec.json.Decoder(list[_Reference])


def of_references(raw: msgspec.Raw) -> tuple[SourceClaim, ...]:
    """Return what the vcs references of a CycloneDX component claim; what cannot be read claims nothing."""
    data = bytes(raw)
    if _VCS not in data:
        return ()
    try:
        references = _REFERENCES.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    return claims_of(one.url for one in references if one.type == "vcs" and one.url)


def of_pedigree(pedigree: object) -> tuple[SourceClaim, ...]:
    """Return what the commits of a CycloneDX pedigree claim."""
    commits = pedigree.get("commits") if isinstance(pedigree, dict) else None
    return claims_of(_texts_of(commits)) if isinstance(commits, list) else ()


def of_download(location: str) -> tuple[SourceClaim, ...]:
    """Return what an SPDX `downloadLocation` claims, where it is one of a version control system."""
    address = location.partition("#")[0]
    is_vcs = address.startswith(("git+", "git://")) or address.partition("@")[0].endswith(".git")
    return claims_of((location,)) if is_vcs else ()


def claims_of(texts: Iterable[str]) -> tuple[SourceClaim, ...]:
    """Return the repositories and commits that addresses and ids name, each once."""
    found: dict[SourceClaim, None] = {}
    for text in texts:
        if (alone := _plain_repository(text)) is not None:
            found[SourceClaim(REPOSITORY, alone)] = None
            continue
        given = text.strip().lower()
        if _COMMIT.fullmatch(given):
            found[SourceClaim(COMMIT, given)] = None
            continue
        if (name := _read_repository(text)) is not None:
            found[SourceClaim(REPOSITORY, name)] = None
        if (behind := _BEHIND.search(given)) is not None:
            found[SourceClaim(COMMIT, behind[1])] = None
    return tuple(found)[:MOST_CLAIMS]


def names_account(claims: Iterable[SourceClaim]) -> bool:
    """Tell whether somebody is said to have made or published it."""
    return any(claim.kind == ACCOUNT for claim in claims)


def _texts_of(commits: Iterable[object]) -> Iterator[str]:
    for commit in commits:
        if isinstance(commit, dict):
            yield from (text for name in ("uid", "url") if isinstance(text := commit.get(name), str))


def _plain_repository(text: str) -> str | None:
    """Return the repository of an address written as most are, which names no commit."""
    if len(text) > LONGEST_REPOSITORY or (plain := _PLAIN.fullmatch(text)) is None:
        return None
    host, owner, name = plain.groups()
    if len(name) in _COMMIT_LENGTHS:
        return None
    return f"{host}/{owner}/{name}".lower() if host in FORGES else f"{host}/{owner}/{name}"


def _read_repository(text: str) -> str | None:
    name = read_repository(text)
    if name is None:
        return None
    host, *path = name.split("/")
    return "/".join((host, *path[: _OF_FORGE - 1])) if host in FORGES else name
