"""A component that was read before is copied, and nothing of the document it came from comes with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.formats import cyclonedx_components, cyclonedx_parts, known_components
from inventory.formats.limits import DEFAULT_LIMITS, Limits
from inventory.formats.read import read_document
from inventory.formats.records import ROOT, SbomRecord
from tests.inventory.formats import documents

LEFT: dict[str, Any] = {
    "type": "library",
    "bom-ref": "left",
    "name": "left",
    "version": "1",
    "purl": "pkg:npm/left@1",
    "scope": "optional",
    "cpe": "cpe:2.3:a:left:left:1:*:*:*:*:*:*:*",
    "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
}
RIGHT: dict[str, Any] = {"type": "library", "bom-ref": "right", "name": "right", "version": "1"}


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    known_components.forget_all()


def cyclonedx(*components: Any, **members: Any) -> bytes:
    return json.dumps(documents.cyclonedx(*components, **members)).encode()


def read(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> SbomRecord:
    record = read_document(data, limits=limits)
    assert isinstance(record, SbomRecord)
    return record


def decoded(data: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """Read a document, and count the components that were decoded for it."""
    count, decode = 0, cyclonedx_parts.decode_component

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        return decode(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(cyclonedx_components, "decode_component", counted)
        read(data)
    return count


def test_the_next_build_decodes_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = cyclonedx(LEFT, RIGHT), cyclonedx(RIGHT | {"version": "2"}, LEFT)

    assert [decoded(first, monkeypatch), decoded(first, monkeypatch), decoded(second, monkeypatch)] == [2, 0, 1]


def test_a_known_component_is_read_as_it_was_but_for_its_place() -> None:
    nested = RIGHT | {"components": [LEFT]}
    within = cyclonedx(nested, metadata={"component": {"name": "app", "type": "application", "components": [LEFT]}})
    fresh = read(within).components
    known_components.forget_all()
    read(cyclonedx(LEFT))

    again = read(within).components

    assert again == fresh
    assert [(c.name, c.pointer, c.parent) for c in again] == [
        ("right", "/components/0", None),
        ("left", "/components/0/components/0", 0),
        ("left", "/metadata/component/components/0", ROOT),
    ]


def test_what_component_and_purl_both_say_is_kept_once() -> None:
    purl = "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12"
    own, other = read(
        cyclonedx(
            {"name": "libc6", "version": "2.36-9", "purl": purl, "bom-ref": purl},
            {"name": "libc-bin", "version": "2.36-9", "purl": purl.replace("libc6", "libc-bin"), "bom-ref": "other"},
        )
    ).components

    assert own.purl is not None
    assert other.purl is not None
    assert own.name is own.purl.name is own.purl.key.name
    assert own.version is own.purl.version
    assert own.ref is own.purl.text
    assert own.purl.qualifiers is other.purl.qualifiers
    assert own.purl.key.namespace is other.purl.namespace
    assert other.ref == "other"


def test_what_a_document_makes_of_its_copy_stays_there() -> None:
    read(cyclonedx(LEFT)).components[0].version = "changed"
    read(cyclonedx(LEFT)).components[0].version = "changed"

    assert read(cyclonedx(LEFT)).components[0].version == "1"


@pytest.mark.parametrize(
    ("component", "code"),
    [
        (LEFT | {"purl": "no purl"}, "bad_purl"),
        (LEFT | {"hashes": [{"alg": "SHA-255", "content": "ab"}]}, "bad_hash"),
        (LEFT | {"version": 1}, "wrong_type"),
        (LEFT | {"name": ""}, "bad_name"),
        (LEFT | {"description": "\x00"}, "nul_in_string"),
    ],
)
def test_a_defect_is_told_each_time(component: dict[str, Any], code: str) -> None:
    found = [read(cyclonedx(component, RIGHT)) for _ in range(2)]

    assert [[warning.code for warning in record.warnings] for record in found] == [[code], [code]]
    assert found[0] == found[1]


def test_other_limits_have_a_memory_of_their_own() -> None:
    read(cyclonedx(LEFT))

    assert read(cyclonedx(LEFT), limits=Limits(name_characters=3)).rejected_count == 1


def test_known_components_count_against_the_ceiling_like_others() -> None:
    read(cyclonedx(LEFT))

    with pytest.raises(Exception, match="more than 1 components"):
        read(cyclonedx(LEFT, RIGHT), limits=Limits(components=1))


def test_what_was_not_met_again_is_forgotten_when_it_becomes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_components, "_MOST_KNOWN", 4)
    other = LEFT | {"version": "2"}

    assert decoded(cyclonedx(LEFT, RIGHT), monkeypatch) == 2
    assert decoded(cyclonedx(LEFT, other), monkeypatch) == 1
    assert decoded(cyclonedx(LEFT), monkeypatch) == 0
    assert decoded(cyclonedx(RIGHT), monkeypatch) == 1


def test_a_very_long_list_takes_the_room_of_what_was_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_components, "_MOST_ITEMS", 2)
    decoded(cyclonedx(LEFT), monkeypatch)

    decoded(cyclonedx(LEFT, RIGHT, LEFT | {"version": "2"}), monkeypatch)

    assert decoded(cyclonedx(LEFT), monkeypatch) == 1
