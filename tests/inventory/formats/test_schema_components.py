"""A document judged in parts is judged as it would be as a whole; what was valid once is not looked at again."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from inventory.formats import known_components, schema
from inventory.formats.cyclonedx import VERSIONS
from inventory.formats.detect import detect
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.read import open_document, read_source
from inventory.formats.schema import check, check_source
from inventory.formats.schema_verdict import SchemaVerdict

LEFT: dict[str, Any] = {"type": "library", "bom-ref": "left", "name": "left", "version": "1"}
RIGHT: dict[str, Any] = LEFT | {"bom-ref": "right", "name": "right"}


def document(*components: Any, **members: Any) -> bytes:
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": list(components), **members}
    ).encode()


def verdict(data: bytes) -> SchemaVerdict | None:
    return check(data, detect(data))


@pytest.fixture
def as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_is_valid_in_parts", lambda *_given, **_named: False)


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_a_schema_says_of_the_list_only_what_its_items_are_and_that_they_differ(version: str) -> None:
    said = schema._cyclonedx_schema(version)["properties"]["components"]

    assert set(said) - {"$id", "title", "description", "additionalItems"} == {"type", "items", "uniqueItems"}
    assert (said["type"], said["uniqueItems"]) == ("array", True)


@pytest.mark.parametrize(
    "data",
    [
        document(),
        document(LEFT, RIGHT),
        document(LEFT, LEFT),
        document(LEFT, LEFT | {"version": "2"}),
        document(LEFT, {"type": "library", "name": "no ref"}),
        document(LEFT, RIGHT | {"type": "no such type"}),
        document(LEFT, RIGHT | {"unknown": 1}),
        document(LEFT, RIGHT | {"components": [LEFT | {"bom-ref": "inner"}]}),
        document(LEFT, RIGHT | {"components": [{"type": "library"}]}),
        document(LEFT, "text"),
        document(LEFT, None),
        document(LEFT, metadata={"component": {"name": "no type"}}),
        document(LEFT, unknown=[]),
        document(LEFT, dependencies=[{"ref": "left"}, {"ref": "left"}]),
        document(LEFT, version="1"),
    ],
)
def test_in_parts_and_as_a_whole_a_document_is_judged_alike(data: bytes, request: pytest.FixtureRequest) -> None:
    found = [verdict(data), verdict(data)]
    request.getfixturevalue("as_a_whole")

    assert found == [verdict(data)] * 2


class Judge:
    """Counts what it is asked."""

    def __init__(self, validator: jsonschema_rs.Validator) -> None:
        self._validator = validator
        self.asked: list[Any] = []

    def is_valid(self, value: Any) -> bool:
        self.asked.append(value)
        return bool(self._validator.is_valid(value))


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    known_components.forget_all()
    found = Judge(schema._cyclonedx_component_validator("1.6"))
    monkeypatch.setattr(schema, "_cyclonedx_component_validator", lambda _version: found)
    return found


def read_and_judged(data: bytes) -> SchemaVerdict | None:
    source = open_document(data)
    read_source(source)
    return check_source(source)


def test_a_component_is_judged_once_for_all_documents_that_list_it(judge: Judge) -> None:
    read_and_judged(document(LEFT, RIGHT))
    again = read_and_judged(document(RIGHT, LEFT | {"bom-ref": "other"}, LEFT))

    assert judge.asked == [LEFT, RIGHT, LEFT | {"bom-ref": "other"}]
    assert again == SchemaVerdict(valid=True, error_count=0, errors=())


def test_a_component_that_is_wrong_is_never_remembered(judge: Judge) -> None:
    wrong = LEFT | {"type": "no such type"}

    assert [getattr(read_and_judged(document(wrong)), "valid", None) for _ in range(2)] == [False, False]
    assert judge.asked == [wrong, wrong]


def test_a_component_known_under_another_version_is_judged_by_this_one() -> None:
    known_components.forget_all()
    newer = LEFT | {"type": "cryptographic-asset"}
    data = document(newer)

    found = [read_and_judged(data), read_and_judged(data.replace(b'"1.6"', b'"1.5"'))]

    assert [getattr(verdict, "valid", None) for verdict in found] == [True, False]


def test_a_very_long_list_is_judged_one_by_one_and_not_remembered(judge: Judge) -> None:
    listed = [LEFT | {"bom-ref": f"{place}"} for place in range(known_components._MOST_ITEMS + 1)]

    found = read_and_judged(document(*listed))

    assert found is not None
    assert found.valid
    assert judge.asked == listed
    assert not known_components.memory_of("1.6", DEFAULT_LIMITS)
