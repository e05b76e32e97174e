"""Which version of a record a change is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter

if TYPE_CHECKING:
    from rest_framework.request import Request

IF_MATCH = OpenApiParameter("If-Match", location=OpenApiParameter.HEADER, description="412 after a change")


def read_version(request: Request) -> int | None:
    """Return the version that `If-Match` names; None where it is absent or `*`, 0, which none has, for any other."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    tags = [tag.strip('"') for tag in parse_etags(header) if not tag.startswith("W/")]
    return int(tags[0]) if len(tags) == 1 and tags[0].isascii() and tags[0].isdigit() else 0
