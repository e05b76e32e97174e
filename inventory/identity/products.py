"""How a product is looked for that has no package's name: what stands instead of an ecosystem."""

from __future__ import annotations

from typing import Final

BY_CPE: Final = "cpe"
BY_NAME: Final = "name"
BY_DIGEST: Final = "digest"
