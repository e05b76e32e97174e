"""The parts of a CPE that name a product: what it is called, and of which version. Source: NISTIR 7695.

Names are compared without regard to case (NISTIR 7696, section 6): they are kept and looked for in lower case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

LONGEST_CPE: Final = 1_024
_PUNCTUATION: Final = re.compile(r"([^a-z0-9._\\?*-])")
_FORMATTED, _URI = "cpe:2.3:", "cpe:/"
_PARTS: Final = ("a", "o", "h")
_COLON: Final = re.compile(r"(?<!\\):")
_ESCAPED: Final = re.compile(r"\\(.)")
_ANY: Final = frozenset({"", "*", "-"})
_RED_HAT: Final = re.compile(r"redhat:(?:(?:enterprise_linux|rhel)[a-z_]*:(?P<major>\d+)|.*:el(?P<edition>\d+))")
_RELEASES: Final = {
    ("debian", "debian_linux"): "debian",
    ("canonical", "ubuntu_linux"): "ubuntu",
    ("alpinelinux", "alpine_linux"): "alpine",
    ("almalinux", "almalinux"): "almalinux",
    ("rocky", "rocky"): "rocky",
    ("oracle", "linux"): "ol",
}
"""Vendor and product of a distribution, and the family that its releases are called by here."""


@dataclass(frozen=True, slots=True)
class Cpe:
    """`part` is `a` (application), `o` (operating system) or `h`; '' stands for any value."""

    part: str
    vendor: str
    product: str
    version: str


def read_cpe(text: str) -> Cpe | None:
    """Read a CPE as a URI (`cpe:/a:…`) or as formatted string (`cpe:2.3:a:…`); None where it names no product."""
    beginning = text[: len(_FORMATTED)].lower()
    if beginning == _FORMATTED:
        parts = [_ESCAPED.sub(r"\1", part) for part in _COLON.split(text)[2:]]
    elif beginning.startswith(_URI):
        parts = [unquote(part) for part in text[len(_URI) :].split(":")]
    else:
        return None
    part, vendor, product, version = ("" if one in _ANY else one.lower() for one in [*parts, "", "", "", ""][:4])
    return Cpe(part, vendor, product, version) if product else None


def beginnings_of(cpe: Cpe) -> frozenset[str]:
    """Return how texts begin that are CPEs of the same product, of any version; without vendor none.

    All of it in lower case. Scanners write either form, and escape punctuation in it or not. A text that goes on behind
    one of these does so with a colon.
    """
    if not cpe.vendor:
        return frozenset()
    found: set[str] = set()
    for part in (*((cpe.part,) if cpe.part else _PARTS), "*"):
        for vendor in (cpe.vendor, "*"):
            for write in (_escaped, _bare):
                found.add(f"cpe:2.3:{part}:{write(vendor)}:{write(cpe.product)}")
            if part != "*" and vendor != "*":
                found.add(f"cpe:/{part}:{vendor}:{cpe.product}")
                found.add(f"cpe:/{part}:{quote(vendor).lower()}:{quote(cpe.product).lower()}")
    return frozenset(found)


def kept_cpe(text: str) -> str:
    """Return a CPE as it is kept, so that it meets what asks for it."""
    return text.lower()[:LONGEST_CPE]


def is_cpe(text: str) -> bool:
    """Tell whether a text begins like a CPE."""
    return text[: len(_FORMATTED)].lower().startswith((_FORMATTED, _URI))


def _bare(value: str) -> str:
    return value


def _escaped(value: str) -> str:
    return value if value == "*" else _PUNCTUATION.sub(r"\\\1", value)


def release_named(text: str) -> str:
    """Return the release of a distribution that a CPE names, written as `read_ecosystem`'s are; '' for none."""
    red_hat = _RED_HAT.search(text.lower())
    if red_hat is not None:
        return f"rhel-{red_hat['major'] or red_hat['edition']}"
    cpe = read_cpe(text)
    family = _RELEASES.get((cpe.vendor, cpe.product), "") if cpe is not None else ""
    return f"{family}-{cpe.version}" if cpe is not None and family and cpe.version else ""
