"""The schema's verdict, with places, and when there is none."""

import json
from dataclasses import replace

import pytest

from inventory.formats.detect import detect
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.schema import check
from tests.inventory.formats.documents import component, cyclonedx, encode, package, spdx
from tests.inventory.formats.fixtures import raw


def verdict(data, limits=DEFAULT_LIMITS):
    return check(data, detect(data), limits=limits)


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_a_document_that_keeps_to_its_version_is_valid(version) -> None:
    found = verdict(encode(cyclonedx(component("a"), specVersion=version)))

    assert found is not None
    assert (found.valid, found.error_count, found.errors) == (True, 0, ())


@pytest.mark.parametrize("name", ["cyclonedx/syft-image.json", "cyclonedx/trivy-image.json", "spdx/github-export.json"])
def test_the_fixtures_are_valid(name) -> None:
    found = verdict(raw(name))

    assert found is not None
    assert found.valid


def test_a_violation_is_named_with_its_place() -> None:
    found = verdict(encode(cyclonedx(component("a"), component("b", type="gadget"))))

    assert found is not None
    assert (found.valid, found.error_count) == (False, 1)
    assert (found.errors[0].code, found.errors[0].pointer) == ("schema_invalid", "/components/1/type")


def test_twenty_violations_are_kept_and_all_are_counted() -> None:
    found = verdict(encode(cyclonedx(*(component(f"c{index}", type="gadget") for index in range(30)))))

    assert found is not None
    assert (found.error_count, len(found.errors)) == (30, 20)


def test_a_licence_that_is_no_spdx_id_is_a_violation() -> None:
    found = verdict(encode(cyclonedx(component("a", licenses=[{"license": {"id": "Nobody-1.0"}}]))))

    assert found is not None
    assert not found.valid


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (spdx(package("a")) | {"creationInfo": {"created": "", "creators": "Tool: x"}}, "/creationInfo/creators"),
        (spdx({"SPDXID": "SPDXRef-a", "name": "a"}), "/packages/0"),
        (spdx(spdxVersion="SPDX-2.2.1"), "/spdxVersion"),
        ({"sbom": spdx({"SPDXID": "SPDXRef-a", "name": "a"})}, "/sbom/packages/0"),
    ],
)
def test_spdx_is_held_to_its_mandatory_fields(document, pointer) -> None:
    found = verdict(encode(document))

    assert found is not None
    assert pointer in [error.pointer for error in found.errors]


def test_of_a_large_nested_document_one_violation_is_named() -> None:
    leaves = [{"name": "x" * 1_000} for _ in range(2_000)]
    inner = component("bottom", components=leaves)
    for level in range(25):
        inner = component(f"level-{level}", components=[inner])

    found = verdict(encode(cyclonedx(inner)))

    assert found is not None
    assert (found.valid, found.error_count) == (False, 1)


def test_nested_components_count_towards_the_limit() -> None:
    data = encode(cyclonedx(component("a", components=[component("b"), component("c")])))

    assert verdict(data, replace(DEFAULT_LIMITS, schema_components=2)) is None


def test_there_is_no_verdict_on_what_is_too_large_or_has_no_schema() -> None:
    data = encode(cyclonedx(component("a"), component("b")))

    assert verdict(data, replace(DEFAULT_LIMITS, schema_bytes=10)) is None
    assert verdict(data, replace(DEFAULT_LIMITS, schema_components=1)) is None
    assert verdict(raw("oci/index.json")) is None
    assert verdict(encode(cyclonedx(metadata=json.loads("[" * 400 + "]" * 400)))) is None
    assert verdict(encode(cyclonedx(specVersion="9.9"))) is None
