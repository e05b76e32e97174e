"""What bodies of the API are read with."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """A name that is not here is refused with `unknown_field`, not ignored."""

    def to_internal_value(self, data: Any) -> Any:
        """Read a body; every name that the serializer does not have is a fault of its own."""
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            error = serializers.ErrorDetail("There is no such field.", "unknown_field")
            raise serializers.ValidationError({name: [error] for name in unknown})
        return super().to_internal_value(data)
