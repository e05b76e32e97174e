"""Products of vendors that have no package's name, as indicators: by digest, by their CPE, by a name.

Whatever is found by a name alone is possible at most: the product may be another thing than what bears its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from inventory.identity.cpes import read_cpe
from inventory.identity.digests import parse_digest
from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from inventory.identity.products import BY_CPE, BY_DIGEST, BY_NAME
from inventory.identity.products_by_cpe import cpe_indicator
from inventory.identity.versions.osv import read_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.graph.advisories import Affected


def products(indicator: Indicator, entry: Affected, *, identifier: str) -> tuple[Indicator, ...]:
    """Return what an entry without package is looked for by; nothing where it cannot be."""
    if entry.ecosystem == BY_DIGEST:
        return tuple(_digests(indicator, entry, identifier=identifier))
    names = _names(entry)
    found = [] if names is None else [_named(indicator, entry, names, identifier=identifier)]
    if entry.ecosystem == BY_CPE and (stated := cpe_indicator(entry.name, given=indicator.given, line=indicator.line)):
        found.append(_of_cpe(stated, entry, identifier=identifier))
    return tuple(one for one in found if one.problem is None)


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


def _of_cpe(stated: Indicator, entry: Affected, *, identifier: str) -> Indicator:
    """Ask by the CPE itself, for the versions that the document names; of its own version alone where it names none."""
    versions = _versions(entry)
    details = (*stated.details, ("advisory", identifier), ("product", entry.name))
    return structs.replace(stated, versions=versions[0], range_text=versions[1], details=details)


def _names(entry: Affected) -> PackageName | None:
    """Return the name to look for in every ecosystem: of a CPE its product, else the product's own."""
    if entry.ecosystem == BY_NAME:
        namespace, _, name = entry.name.strip("/").rpartition("/")
        return PackageName("", namespace.lower() or None, name) if name else None
    cpe = read_cpe(entry.name) if entry.ecosystem == BY_CPE else None
    return None if cpe is None else PackageName("", None, cpe.product)


def _named(indicator: Indicator, entry: Affected, name: PackageName, *, identifier: str) -> Indicator:
    versions, range_text = _versions(entry)
    return Indicator(
        IndicatorKind.PACKAGE,
        indicator.given,
        indicator.line,
        package=name,
        versions=versions,
        range_text=range_text,
        doubt=entry.doubt,
        details=(("advisory", identifier), ("product", entry.name), ("doubt", entry.doubt)),
    )


def _versions(entry: Affected) -> tuple[tuple[str, ...], str | None]:
    """Return the versions listed, and the ranges as one text; without bounds all are meant, and neither says so."""
    texts = [one.native for one in read_ranges(entry.ranges)]
    bounded = [text for text in texts if text]
    return tuple(entry.listed), " || ".join(bounded) if bounded and len(bounded) == len(texts) else None
