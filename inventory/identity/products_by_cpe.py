"""A product asked for by its CPE, as an indicator."""

from __future__ import annotations

from inventory.identity.cpes import LONGEST_CPE, read_cpe
from inventory.identity.indicators import Indicator, IndicatorKind


def cpe_indicator(text: str, *, given: str, line: int | None = None) -> Indicator | None:
    """Return what a CPE asks for: the version that it names, else every one; None where the text is no CPE.

    One without vendor says too little to be looked for.
    """
    cpe = read_cpe(text) if len(text) <= LONGEST_CPE else None
    if cpe is None:
        return None
    return Indicator(
        IndicatorKind.CPE,
        given,
        line,
        versions=(cpe.version,) if cpe.version else (),
        details=(("cpe", text),),
        problem=None if cpe.vendor else "a CPE without vendor may be anybody's product: nobody looked for it",
    )
