"""Products of vendors that have no package's name, as indicators: by digest, by the product of a CPE, by their name.

Whatever is found by a name alone is possible at most: the product may be another thing than what bears its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.identity.cpes import read_cpe
from inventory.identity.digests import parse_digest
from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from inventory.identity.products import BY_CPE, BY_DIGEST, BY_NAME
from inventory.identity.versions.osv import read_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.graph.advisories import Affected


def products(indicator: Indicator, entry: Affected, *, identifier: str) -> tuple[Indicator, ...]:
    """Return what an entry without package is looked for by; nothing where it cannot be."""
    if entry.ecosystem == BY_DIGEST:
        return tuple(_digests(indicator, entry, identifier=identifier))
    names = _names(entry)
    return () if names is None else (_named(indicator, entry, names, identifier=identifier),)


def _digests(indicator: Indicator, entry: Affected, *, identifier: str) -> Iterator[Indicator]:
    """A digest may be an image's or a file's: both are looked for."""
    for text in entry.listed:
        digest = parse_digest(text)
        yield Indicator(
            IndicatorKind.HASH,
            indicator.given,
            indicator.line,
            algorithm=digest.algorithm,
            value=digest.value,
            details=(("advisory", identifier), ("product", entry.name)),
        )


def _names(entry: Affected) -> PackageName | None:
    """Return the name to look for in every ecosystem: of a CPE its product, else the product's own."""
    if entry.ecosystem == BY_NAME:
        namespace, _, name = entry.name.strip("/").rpartition("/")
        return PackageName("", namespace.lower() or None, name) if name else None
    cpe = read_cpe(entry.name) if entry.ecosystem == BY_CPE else None
    return None if cpe is None else PackageName("", None, cpe.product)


def _named(indicator: Indicator, entry: Affected, name: PackageName, *, identifier: str) -> Indicator:
    texts = [one.native for one in read_ranges(entry.ranges)]
    bounded = [text for text in texts if text]
    return Indicator(
        IndicatorKind.PACKAGE,
        indicator.given,
        indicator.line,
        package=name,
        versions=tuple(entry.listed),
        range_text=" || ".join(bounded) if bounded and len(bounded) == len(texts) else None,
        doubt=entry.doubt,
        details=(("advisory", identifier), ("product", entry.name), ("doubt", entry.doubt)),
    )
