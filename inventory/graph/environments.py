"""The environments there are, by name."""

from __future__ import annotations

from inventory.models import Environment


def environment_names() -> list[str]:
    """Return what reports named and operators described, in order. One statement."""
    return list(Environment.objects.order_by("slug").values_list("slug", flat=True))
