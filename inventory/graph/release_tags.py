"""Which tags name a release, and so must never point at another image."""

from __future__ import annotations

import re
from functools import lru_cache

from django.conf import settings


def is_release_tag(tag: str) -> bool:
    """Tell whether a tag is one of a release (setting RELEASE_TAG_PATTERN), as against one that is meant to move."""
    return _pattern(settings.RELEASE_TAG_PATTERN).fullmatch(tag) is not None


@lru_cache(maxsize=4)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
