"""The verdict of CycloneDX's own XML schemas, with places, without any fetch, and not at any price."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inventory.formats.cyclonedx_xml import VERSIONS
from inventory.formats.detect import detect
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.schema import check
from inventory.formats.schema_verdict import SchemaVerdict
from tests.inventory.formats.documents import component, cyclonedx
from tests.inventory.formats.xml_writer import cyclonedx_xml


def bom(inner: str, *, version: str = "1.6", head: str = "") -> bytes:
    return f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}" version="1"{head}>{inner}</bom>'.encode()


def judged(data: bytes) -> SchemaVerdict:
    found = check(data, detect(data))
    assert found is not None
    return found


COMPONENT = '<component type="library"><name>a</name><version>1</version><modified>false</modified></component>'


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_every_version_has_its_schema(version: str) -> None:
    assert judged(bom(f"<components>{COMPONENT}</components>", version=version)).valid
    assert not judged(bom(f"<components>{COMPONENT}{COMPONENT}<x/></components>", version=version)).valid


def test_a_violation_is_named_with_its_xpath() -> None:
    found = judged(bom(f"<components>{COMPONENT}{COMPONENT.replace('library', 'strange')}</components>"))

    assert (found.valid, found.error_count) == (False, 1)
    assert (found.errors[0].code, found.errors[0].pointer) == ("schema_invalid", "/bom/components/component[2]")
    assert "strange" in found.errors[0].message or "value must be one of" in found.errors[0].message


def test_twenty_violations_are_named_and_all_counted() -> None:
    found = judged(bom("<components>" + "<component/>" * 30 + "</components>"))

    assert len(found.errors) == 20
    assert found.error_count >= 30


def test_the_verdict_agrees_with_that_of_the_json_twin() -> None:
    good = cyclonedx(component("a"), component("b"), dependencies=[{"ref": "a", "dependsOn": ["b"]}])
    bad = cyclonedx(component("a", scope="strange"))

    assert judged(cyclonedx_xml(good)).valid
    assert not judged(cyclonedx_xml(bad)).valid


def test_what_a_document_says_of_schemas_is_never_fetched() -> None:
    head = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x http://127.0.0.1:1/x.xsd"'

    assert judged(bom(f'<components>{COMPONENT}</components><o:x xmlns:o="urn:x"/>', head=head)).valid


def test_a_document_above_the_limit_is_not_judged() -> None:
    data = bom(f"<components>{COMPONENT * 5}</components>")

    assert check(data, detect(data), limits=replace(DEFAULT_LIMITS, schema_elements=21)) is None
    assert check(data, detect(data), limits=replace(DEFAULT_LIMITS, schema_elements=22)) is not None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bom("<components>"), "bad_xml"),
        (bom("<x>" * 70 + "</x>" * 70), "too_deep"),
        (bom("") + b"<!DOCTYPE bom>", "bad_xml"),
    ],
)
def test_what_cannot_be_read_is_refused_here_too(data: bytes, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        check(data, detect(data))

    assert caught.value.code == code
