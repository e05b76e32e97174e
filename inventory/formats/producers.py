"""Names the tool that wrote a document: part of what a chain of SBOMs is told apart by, so never left to chance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inventory.formats.records import storable

_LIBRARIES: Final = frozenset(
    {"npm", "yarn", "pnpm", "cyclonedx-library", "cyclonedx-python-lib", "cyclonedx-core-java", "spdx-tools"}
)
"""Listed beside the generator in documents of generators that use them: never the generator itself."""
_VERSION_TAIL: Final = re.compile(r"(.+?)[-@ ]v?(\d[\w.+-]*)")
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Producer:
    """A tool and its version; both '' when the document names none."""

    name: str = ""
    version: str = ""


def choose_producer(tools: Sequence[Producer]) -> Producer:
    """Return the generator among the tools of a document: the first that is no mere library, name in lower case."""
    generators = [tool for tool in tools if tool.name.lower() not in _LIBRARIES] or list(tools)
    if not generators:
        return Producer()
    name, version = storable(generators[0].name.strip().lower()), storable(generators[0].version)
    return Producer(name[:_LONGEST], version[:_LONGEST])


def parse_spdx_tool(text: str) -> Producer:
    """Split an SPDX creator's tool (`syft-1.18.1`) into name and version; the version is '' where none can be seen."""
    shown = text.strip()[:_LONGEST]
    match = _VERSION_TAIL.fullmatch(shown)
    return Producer(match[1], match[2]) if match else Producer(shown)
