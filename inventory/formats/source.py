"""A document as its readers get it: taken apart once, for the recogniser, the reader and the schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.formats.cyclonedx_components import Hear
    from inventory.formats.detected import Detected
    from inventory.formats.known_components import Listed
    from inventory.formats.limits import Limits
    from inventory.formats.text import Utf8


@dataclass(slots=True)
class Source:
    """A document's bytes, the same as text that is UTF-8, and what it was recognised as."""

    data: bytes
    text: Utf8
    detected: Detected
    limits: Limits
    listed: Listed | None = None
    """The items of CycloneDX's `components`, once a reader has split them: the schema is asked of the same ones."""
    hear: Hear | None = None
    """Told of the components of a long CycloneDX JSON document by the thousand, while the rest is still read."""
