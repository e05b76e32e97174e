"""Which CPEs may be written where a format demands a well-formed one; scanners also write others.

What is none is not lost: it is written as text beside the component.
"""

from __future__ import annotations

import re
from typing import Final

_VALUE: Final = r"""(?:(?:\?*|\*?)(?:[a-zA-Z0-9._-]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^`{|}~])+(?:\?*|\*?)|[*-])"""
_LANGUAGE: Final = r"(?:[a-zA-Z]{2,3}(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?|[*-])"
_CPE_23: Final = re.compile(rf"cpe:2\.3:[aho*-](?::{_VALUE}){{5}}:{_LANGUAGE}(?::{_VALUE}){{4}}")
"""A formatted string of NISTIR 7695, section 6.2, as SPDX 2.3 and CycloneDX spell it."""
_CPE_22: Final = re.compile(r"c[pP][eE]:/[AHOaho]?(?::[A-Za-z0-9._~%-]*){0,6}")


def cpe_version(text: str) -> str:
    """Return "2.3" or "2.2" for a well-formed CPE, '' for anything else."""
    if _CPE_23.fullmatch(text):
        return "2.3"
    return "2.2" if _CPE_22.fullmatch(text) else ""
