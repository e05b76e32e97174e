"""Checksums and signatures that a build fetches beside what they are of: nothing runs them, so nobody pins them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_ONE: Final = re.compile(
    r"(?P<of>.+)\.(?:sha-?(?:1|224|256|384|512)(?:sums?)?|md5(?:sums?)?|asc|sig|minisig|sigstore(?:\.json)?|intoto\.jsonl)",
    re.IGNORECASE,
)
_OF_FOLDER: Final = re.compile(
    r"(?P<folder>.+/)(?:[^/]+[_.-])?(?:sha(?:1|224|256|384|512)?sums?(?:\d+)?|checksums?)(?:[_.-]sha\d+)?(?:\.txt)?"
    r"(?:\.(?:asc|sig|minisig|pem))?",
    re.IGNORECASE,
)


def beside(addresses: Iterable[str]) -> frozenset[str]:
    """Return the addresses that are, by their names, a checksum or signature of others of them.

    What is named so and stands alone may be anything, so it is not among them.
    """
    every = frozenset(addresses)
    named = {one for one in every if _OF_ONE.fullmatch(one) or _OF_FOLDER.fullmatch(one)}
    rest = every - named
    return frozenset(one for one in named if _is_of(one, rest))


def _is_of(address: str, rest: frozenset[str]) -> bool:
    of_one, of_folder = _OF_ONE.fullmatch(address), _OF_FOLDER.fullmatch(address)
    if of_one is not None and of_one["of"] in rest:
        return True
    return of_folder is not None and any(one.startswith(of_folder["folder"]) for one in rest)
