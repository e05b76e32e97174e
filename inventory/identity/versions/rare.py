"""The order of ecosystems we meet seldom, through the univers package: slower (some 50 us a version), complete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inventory.identity.versions.errors import UnevaluableVersion

if TYPE_CHECKING:
    from univers.versions import Version

_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?"
)

RARE_SCHEMES = frozenset({"alpm", "conan", "datetime", "ebuild", "nginx", "openssl"})


def rare_key(scheme: str, version: str) -> Version:
    """Return univers' version object, which is orderable within its scheme."""
    if scheme != "conan" and not any(char.isdigit() for char in version):
        # Conan alone orders words (`a.b.c`); elsewhere a word is a name for something that moves.
        raise UnevaluableVersion(scheme, version)
    if scheme == "datetime" and not _DATETIME.fullmatch(version):
        # vers-spec wants RFC 3339 with capital T and Z; univers takes what dateutil takes, which is anything.
        raise UnevaluableVersion(scheme, version)
    # Imported at first use: univers builds its parsers at import, which costs every process 0.2 s.
    from univers import versions  # noqa: PLC0415

    classes: dict[str, type[Version]] = {
        "alpm": versions.ArchLinuxVersion,
        "conan": versions.ConanVersion,
        "datetime": versions.DatetimeVersion,
        "ebuild": versions.GentooVersion,
        "nginx": versions.NginxVersion,
        "openssl": versions.OpensslVersion,
    }
    try:
        return classes[scheme](version)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise UnevaluableVersion(scheme, version) from error
