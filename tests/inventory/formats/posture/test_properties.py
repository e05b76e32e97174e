"""Whatever the bytes, a posture reader answers or refuses, and keeps only what a database takes."""

import json
from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from tests.inventory.formats.posture.documents import WORKFLOW, protection, result, ruleset, sarif, scorecard

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=6)
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
DOCUMENTS = [scorecard(), sarif(result(ruleId="a")), protection(), ruleset(), [ruleset()]]
SLOW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(data: bytes) -> None:
    try:
        record = read_document(data)
    except FormatError as error:
        assert_storable([error.code, error.message, error.pointer])
        return
    assert_storable(record)


def assert_storable(value: Any) -> None:
    if isinstance(value, str):
        assert "\x00" not in value
        value.encode()
    elif isinstance(value, list | tuple):
        for item in value:
            assert_storable(item)
    elif is_dataclass(value):
        for part in fields(value):
            assert_storable(getattr(value, part.name))


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, member in inner for found in paths(member, (*path, key)))]


@SLOW
@given(st.data())
def test_a_report_with_any_value_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    document = json.loads(json.dumps(data.draw(st.sampled_from(DOCUMENTS))))
    path = data.draw(st.sampled_from(paths(document)[1:]))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = data.draw(VALUES)

    read(json.dumps(document).encode())


@SLOW
@given(st.data())
def test_a_workflow_with_any_change_is_read_or_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WORKFLOW)))
    upto = data.draw(st.integers(at, min(len(WORKFLOW), at + 12)))
    changed = WORKFLOW[:at] + data.draw(st.text(max_size=8)) + WORKFLOW[upto:]

    read(changed.encode())


@SLOW
@given(st.text(max_size=200))
def test_any_text_below_a_trigger_is_read_or_refused(text: str) -> None:
    read(b"on: push\njobs:\n" + text.encode())
