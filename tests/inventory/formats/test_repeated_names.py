"""A name that stands twice in one object of a JSON SBOM is told with its place, and hides no component."""

import json
from typing import Any

import msgspec
import pytest

from inventory.formats import known_components
from inventory.formats.defects import Defects
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, SbomRecord
from inventory.formats.repeated_names import note_repeated

SPDX_HEAD = (
    '"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"d","dataLicense":"CC0-1.0","documentNamespace":'
    '"https://d.example/1","creationInfo":{"created":"2026-01-01T00:00:00Z","creators":["Tool: t"]}'
)
SYFT_HEAD = '"source":{"id":"s"},"descriptor":{"name":"syft"},"schema":{"version":"16.0.0"}'
SPDX3_HEAD = (
    '"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"CreationInfo","@id":"_:c",'
    '"specVersion":"3.0.1","created":"2026-01-01T00:00:00Z","createdBy":["a"]}'
)
TWICE = '"name":"a","version":"1","purl":"pkg:npm/a@1","purl":"pkg:npm/b@1"'


def cyclonedx(body: str) -> str:
    return '{"bomFormat":"CycloneDX","specVersion":"1.6",' + body + "}"


def component(body: str) -> str:
    return cyclonedx(f'"components":[{{"name":"x","bom-ref":"x",{body}}}]')


def beside(body: str) -> str:
    return cyclonedx(f'"components":[{{"name":"x","bom-ref":"x"}}],{body}')


def spdx(package: str, relations: str = "") -> str:
    return f'{{{SPDX_HEAD},"packages":[{{"SPDXID":"SPDXRef-a",{package}}}],"relationships":[{relations}]}}'


def syft(artifact: str, relations: str = "") -> str:
    return f'{{{SYFT_HEAD},"artifacts":[{{"id":"1",{artifact}}}],"artifactRelationships":[{relations}]}}'


def spdx3(element: str) -> str:
    return f'{{{SPDX3_HEAD},{{"type":"software_Package","spdxId":"u:a","creationInfo":"_:c",{element}}}]}}'


def read(text: str) -> SbomRecord:
    known_components.forget_all()
    record = read_document(text.encode())
    assert isinstance(record, SbomRecord)
    return record


def told(record: SbomRecord) -> list[str]:
    return [warning.pointer for warning in record.warnings if warning.code == "duplicate_key"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (component(TWICE.removeprefix('"name":"a",')), "/components/0/purl"),
        (component('"components":[{' + TWICE + "}]"), "/components/0/components/0/purl"),
        (component('"hashes":[{"alg":"MD5","content":"a","content":"b"}]'), "/components/0/hashes/0/content"),
        (beside('"dependencies":[{"ref":"x","dependsOn":["y"],"dependsOn":[]}]'), "/dependencies/0/dependsOn"),
        (beside('"compositions":[{"aggregate":"complete","aggregate":"incomplete"}]'), "/compositions/0/aggregate"),
        (
            beside('"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"exploitable","state":"not_affected"}}]'),
            "/vulnerabilities/0/analysis/state",
        ),
        (spdx('"name":"a","name":"b"'), "/packages/0/name"),
        (
            spdx('"name":"a","checksums":[{"algorithm":"MD5","checksumValue":"a","checksumValue":"b"}]'),
            "/packages/0/checksums/0/checksumValue",
        ),
        (
            spdx('"name":"a"', '{"spdxElementId":"SPDXRef-a","spdxElementId":"b","relationshipType":"OTHER"}'),
            "/relationships/0/spdxElementId",
        ),
        (syft(TWICE), "/artifacts/0/purl"),
        (
            syft('"name":"a"', '{"parent":"1","child":"s","child":"1","type":"dependency-of"}'),
            "/artifactRelationships/0/child",
        ),
        (spdx3('"name":"a","name":"b"'), "/@graph/1/name"),
    ],
)
def test_a_repeated_name_is_told_by_its_place(text: str, place: str) -> None:
    assert told(read(text)) == [place]


def test_the_last_value_counts_and_the_component_is_not_lost() -> None:
    record = read(component(TWICE.removeprefix('"name":"a",')))

    assert [one.purl.text for one in record.components if one.purl] == ["pkg:npm/b@1"]


def test_what_a_second_list_of_components_hides_is_read_too() -> None:
    hiding = '"components":[{"name":"jar","components":[{"name":"evil"}],"components":[]}]'

    record = read(cyclonedx(hiding))

    assert [one.name for one in record.components] == ["jar", "evil"]
    assert told(record) == ["/components/0/components"]


def test_a_repeated_name_in_the_subject_refuses_the_document() -> None:
    twice = '"metadata":{"component":{"type":"container","name":"a","version":"1","version":"2"}},"components":[]'

    with pytest.raises(FormatError) as caught:
        read(cyclonedx(twice))
    assert (caught.value.code, caught.value.pointer) == ("duplicate_key", "/metadata/component/version")


def test_a_component_with_a_repeated_name_is_told_of_in_the_next_document_too() -> None:
    text = component(TWICE.removeprefix('"name":"a",'))
    read(text)

    record = read_document(text.encode())

    assert isinstance(record, SbomRecord)
    assert told(record) == ["/components/0/purl"]


@pytest.mark.parametrize("value", [{}, {"a": 1}, {"a": {"b": 1}, "b": 2, "A": 3}, {"é": 1, "": 2}])
def test_names_that_differ_are_no_repetition(value: dict[str, Any]) -> None:
    defects = Defects()

    assert note_repeated(msgspec.Raw(json.dumps(value).encode()), pointer="", defects=defects) == ()
    assert defects.total == 0


def test_a_name_spelled_with_an_escape_is_the_same_name() -> None:
    defects = Defects()

    note_repeated(msgspec.Raw(b'{"purl":1,"p\\u0075rl":2}'), pointer="/x", defects=defects)

    assert [warning.pointer for warning in defects.warnings()] == ["/x/purl"]
