"""What is claimed of an artifact's origin: by its own labels, or by an SPDX document. Nobody proves it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.identity.digests import Digest


class Claim(enum.StrEnum):
    """What an image says of itself, in labels of its config or annotations of its manifest. Its author wrote it.

    An SPDX 3 document that claims a build says SOURCE and REVISION of what came out of it.
    """

    SOURCE = "source"
    REVISION = "revision"
    VERSION = "version"
    BASE_NAME = "base_name"
    BASE_DIGEST = "base_digest"
    BASE_SPDX = "base_spdx"
    """Not its own word: an SPDX document says that it is a DESCENDANT_OF this digest."""


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """An artifact says this of itself."""

    artifact: Digest
    claim: Claim
    value: str
