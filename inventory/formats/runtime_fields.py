"""Fields of runtime records: a defect refuses the record it is in, and only that one, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.pointers import join
from inventory.formats.records import ArtifactKind
from inventory.formats.strict_json import Json
from inventory.formats.timestamps import parse_timestamp
from inventory.identity.digests import Digest
from inventory.identity.images import ImageIdKind, parse_image_id

LONGEST_NAME: Final = 253
"""A DNS name: the longest a Kubernetes object's can be."""
LONGEST_TEXT: Final = 2_048


class RecordDefect(Exception):  # noqa: N818 it is caught in this package and becomes a warning
    """One record cannot be used; the others can."""

    def __init__(self, code: str, pointer: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer
        self.message = message


class RecordFields:
    """The members of one record, asked for by name."""

    def __init__(self, members: Mapping[str, Json], *, pointer: str, defects: Defects) -> None:
        self._members = members
        self._pointer = pointer
        self._defects = defects

    def required(self, name: str, *, longest: int = LONGEST_NAME) -> str:
        """Return a string that must be there. Raises RecordDefect `missing_field`, `wrong_type` or `too_long`."""
        text = self.optional(name, longest=longest)
        if not text:
            raise self.defect("missing_field", name, f"{name} is missing.")
        return text

    def optional(self, name: str, *, longest: int = LONGEST_NAME) -> str:
        """Return a string, stripped, '' where it is absent or null. Raises RecordDefect `wrong_type` or `too_long`."""
        value = self._members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.defect("wrong_type", name, f"{name} must be a string.")
        if len(value) > longest:
            raise self.defect("too_long", name, f"{name} is longer than {longest} characters.")
        return value.strip()

    def time(self, name: str) -> datetime | None:
        """Return a time; None and a warning `bad_timestamp` where it names no instant."""
        value = self._members.get(name)
        found = parse_timestamp(value)
        if found is None and value is not None:
            message = f"{str(value)[:60]!r} is no RFC 3339 time with zone; taken as absent."
            self._defects.add("bad_timestamp", join(self._pointer, name), message)
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an array of strings. Raises RecordDefect `wrong_type`."""
        value = self._members.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.defect("wrong_type", name, f"{name} must be an array of strings.")
        return tuple(item[:LONGEST_TEXT] for item in value if isinstance(item, str))

    def tags(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return tags, an object of strings or an array of names. Raises RecordDefect `wrong_type`."""
        value = self._members.get(name)
        if isinstance(value, dict):
            if not all(isinstance(item, str) for item in value.values()):
                raise self.defect("wrong_type", name, f"{name} must be an object of strings.")
            return tuple((key[:LONGEST_TEXT], str(item)[:LONGEST_TEXT]) for key, item in value.items())
        return tuple((item, "") for item in self.texts(name))

    def defect(self, code: str, name: str, message: str) -> RecordDefect:
        """Make the defect of one field."""
        return RecordDefect(code, join(self._pointer, name), message)


def image_kind(text: str) -> ArtifactKind:
    """Say what an image id can be by its form alone."""
    return ArtifactKind.OCI_CONFIG if parse_image_id(text).kind_hint is ImageIdKind.CONFIG else ArtifactKind.UNKNOWN


def image_digest(text: str) -> Digest | None:
    """Return the digest an image id or a pinned image reference names."""
    return parse_image_id(text).digest if text else None
