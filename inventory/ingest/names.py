"""The names an artifact goes by: image references without their tag, anything else as it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.identity.images import ImageError, parse_image

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAME = 1024
MAX_TAG = 255


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """A name and its tag (an image) or version (anything else); `tag` is '' where there is none."""

    name: str
    tag: str = ""


def split_name(text: str, *, version: str = "") -> Name | None:
    """Return the name to keep for what a document or a sender calls an artifact; None when nothing usable is left.

    A bare word is not taken for an image of Docker's library: only what has a registry, a tag or a digest is read as a
    reference.
    """
    cleaned = text.strip().replace("\x00", "")
    if not cleaned:
        return None
    first = cleaned.split("/", 1)[0]
    has_registry = "/" in cleaned and ("." in first or ":" in first or first == "localhost")
    if has_registry or ":" in cleaned or "@" in cleaned[1:]:
        try:
            image = parse_image(cleaned)
        except ImageError:
            return Name(cleaned[:MAX_NAME], version[:MAX_TAG])
        return Name(image.name[:MAX_NAME], (image.tag or version)[:MAX_TAG])
    return Name(cleaned[:MAX_NAME], version[:MAX_TAG])


def split_names(texts: Iterable[str], *, version: str = "") -> list[Name]:
    """Return the names of all texts, each once, sorted."""
    return sorted({name for name in (split_name(text, version=version) for text in texts) if name is not None})
