"""What is to be decided about, from an image reference as people and clusters write it."""

from __future__ import annotations

from inventory.identity.images import ImageError, parse_image
from inventory.policy.asked import Subject

MAX_IMAGE = 2_048


def subject_of(image: str) -> Subject:
    """Return the subject that an image reference names: its digest, else its name and tag, else why it is none."""
    written = image[:MAX_IMAGE]
    try:
        reference = parse_image(image)
    except ImageError as error:
        return Subject(image=written if written.isprintable() else ascii(written), problem=error.message)
    digest = "" if reference.digest is None else str(reference.digest)
    # Without a tag a runtime pulls `latest`.
    tag = reference.tag or ("" if digest else "latest")
    return Subject(digest=digest, name=reference.name, tag=tag, image=written)
