"""The merged SBOM: written by the format's library, read back by our own reader."""

from __future__ import annotations

import gzip
import json
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cyclonedx.model.bom import Bom

from inventory.formats.detect import detect
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import SbomRecord, Scope
from inventory.formats.schema import check
from inventory.graph import merged as merging
from inventory.graph.components import list_components
from inventory.graph.exports.cyclonedx import VERSIONS
from inventory.graph.exports.cyclonedx import write_json as pieces_of_json
from inventory.graph.exports.cyclonedx import write_xml as pieces_of_xml
from inventory.graph.merged import ExportTooLargeError, NoSbomError, merge_sboms
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, later, member_of, report, submit

pytestmark = pytest.mark.django_db

APP = digest("app")
LODASH = "pkg:npm/lodash@4.17.21"
EXPRESS = "pkg:npm/express@4.18.2"
HASHED = {
    "type": "file",
    "group": "acme",
    "name": "tool.so",
    "version": "1",
    "hashes": [{"alg": "SHA-256", "content": "a" * 64}, {"alg": "SHA3-256", "content": "b" * 64}],
}
ODD_PURLS = (
    "pkg:golang/github.com/Masterminds/semver@v1.5.0",
    "pkg:nuget/Newtonsoft.Json@13.0.1",
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12",
    "pkg:deb/debian/perl@1:5.36.0-7?arch=amd64",
    "pkg:npm/%40ctrl/tinycolor@4.1.1",
    "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
)
BIG = Path(__file__).parents[3] / "data" / "demo" / "sboms"


def write_json(merged: merging.Merged, **options: str) -> bytes:
    return b"".join(pieces_of_json(merged, **options))


def write_xml(merged: merging.Merged, **options: str) -> bytes:
    return b"".join(pieces_of_xml(merged, **options))


def read_back(data: bytes) -> SbomRecord:
    record = read_document(data, limits=Limits())
    assert isinstance(record, SbomRecord)
    return record


def export(digest_: str = APP) -> SbomRecord:
    return read_back(write_json(merge_sboms(digest_, actor=SEES_ALL)))


def stored_purls(digest_: str) -> list[str]:
    rows = list_components(digest_, text="", after=None, limit=10_000, actor=SEES_ALL).rows
    return [row.purl for row in rows if row.purl]


def test_our_reader_finds_the_same_components_in_what_was_written():
    submit("a", cyclonedx(LODASH, *ODD_PURLS, subject=APP))
    submit("a", cyclonedx(EXPRESS, *ODD_PURLS, subject=APP, tool="trivy"))

    record = export()

    assert [component.purl.text for component in record.components if component.purl] == stored_purls(APP)
    assert (record.rejected_count, record.warnings) == (0, [])


def test_uploading_the_export_adds_nothing_new():
    submit("a", cyclonedx(LODASH, HASHED, *ODD_PURLS, subject=APP))
    before = [row.identity for row in list_components(APP, text="", after=None, limit=99, actor=SEES_ALL).rows]

    submit("a", write_json(merge_sboms(APP, actor=SEES_ALL)), at=later(1))

    assert [row.identity for row in list_components(APP, text="", after=None, limit=99, actor=SEES_ALL).rows] == before


def test_the_export_is_about_the_artifact():
    submit("a", cyclonedx(LODASH, subject=APP))

    assert [str(subject.digest) for subject in export().subjects] == [APP]


def test_edges_of_all_documents_are_kept():
    submit("a", cyclonedx(LODASH, EXPRESS, subject=APP, dependencies={"root": [EXPRESS], EXPRESS: [LODASH]}))
    submit("a", cyclonedx("pkg:npm/a@1", LODASH, subject=APP, tool="trivy", dependencies={"root": ["pkg:npm/a@1"]}))

    record = export()

    names = [
        "root" if index < 0 else record.components[index].name
        for edge in record.edges
        for index in (edge.source, edge.target)
    ]
    assert sorted(zip(names[::2], names[1::2], strict=True)) == [
        ("express", "lodash"),
        ("root", "a"),
        ("root", "express"),
    ]


def test_hashes_types_and_scopes_are_kept():
    jest = {"name": "jest", "version": "29", "purl": "pkg:npm/jest@29", "scope": "optional"}
    submit("a", cyclonedx(HASHED, jest, subject=APP))

    found = {component.name: component for component in export().components}

    assert {hash_.algorithm for hash_ in found["tool.so"].hashes} == {"sha256", "sha3-256"}
    assert (found["tool.so"].type, found["tool.so"].group) == ("file", "acme")
    assert found["jest"].scope is Scope.OPTIONAL


@pytest.mark.parametrize("write", [write_json, write_xml])
def test_the_same_evidence_gives_the_same_bytes(write):
    submit("a", cyclonedx(LODASH, EXPRESS, HASHED, subject=APP, dependencies={"root": [EXPRESS]}))

    assert write(merge_sboms(APP, actor=SEES_ALL)) == write(merge_sboms(APP, actor=SEES_ALL))


def test_other_evidence_gives_another_serial_number():
    submit("a", cyclonedx(LODASH, subject=APP))
    before = json.loads(write_json(merge_sboms(APP, actor=SEES_ALL)))
    submit("a", cyclonedx(EXPRESS, subject=APP), at=later(1))
    after = json.loads(write_json(merge_sboms(APP, actor=SEES_ALL)))

    assert before["serialNumber"] != after["serialNumber"]
    assert after["metadata"]["timestamp"] == later(1).isoformat()


def test_the_published_schema_accepts_the_json():
    submit("a", cyclonedx(LODASH, HASHED, *ODD_PURLS, subject=APP, dependencies={"root": [LODASH]}))
    data = write_json(merge_sboms(APP, actor=SEES_ALL))

    verdict = check(data, detect(data), limits=Limits())

    assert verdict is not None
    assert verdict.valid, verdict.errors


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_keeps_to_its_published_schema_and_is_read_back(version: str):
    model = {"type": "machine-learning-model", "name": "model", "version": "1"}
    submit("a", cyclonedx(LODASH, HASHED, model, *ODD_PURLS, subject=APP, dependencies={"root": [LODASH]}))
    merged = merge_sboms(APP, actor=SEES_ALL)

    for data in (write_json(merged, version=version), write_xml(merged, version=version)):
        verdict = check(data, detect(data), limits=Limits())
        assert verdict is not None
        assert verdict.valid, verdict.errors
        assert read_back(data).component_count == len(merged.parts)
    bom = Bom.from_xml(StringIO(write_xml(merged, version=version).decode()))  # type: ignore[attr-defined]
    assert len(bom.components) == len(merged.parts)


@pytest.mark.parametrize("write", [write_json, write_xml])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_fresh_team_that_takes_the_export_in_has_the_same_components(version: str, write):
    """Types that a version lacks, scopes that CycloneDX lacks and source packages come back too."""
    test_only = {"name": "jest", "version": "29", "purl": "pkg:npm/jest@29",
                 "properties": [{"name": "cdx:npm:package:development", "value": "true"}]}  # fmt: skip
    source = {"name": "libssl3", "version": "3", "purl": "pkg:deb/debian/libssl3@3?arch=amd64",
              "properties": [{"name": "syft:metadata:source", "value": "openssl"}]}  # fmt: skip
    model = {"type": "machine-learning-model", "name": "model", "version": "1"}
    submit("a", cyclonedx(LODASH, HASHED, test_only, source, model, *ODD_PURLS, subject=APP))
    before = list_components(APP, text="", after=None, limit=99, actor=member_of("a")).rows

    submit("fresh", write(merge_sboms(APP, actor=member_of("a")), version=version), at=later(1))

    after = list_components(APP, text="", after=None, limit=99, actor=member_of("fresh")).rows
    assert [(row.identity, row.scope) for row in after] == [(row.identity, row.scope) for row in before]
    again = merge_sboms(APP, actor=member_of("fresh"))
    assert {part.source_package for part in again.parts} == {None, "openssl"}


def test_the_export_says_what_was_merged_and_claims_no_completeness():
    complete = json.loads(cyclonedx(LODASH, subject=APP))
    complete["compositions"] = [{"aggregate": "complete", "assemblies": ["root"]}]
    submit("a", json.dumps(complete).encode())

    document = json.loads(write_json(merge_sboms(APP, actor=SEES_ALL)))

    told = [one["value"] for one in document["metadata"]["properties"] if one["name"] == "supplychain:document"]
    assert "cyclonedx 1.6 by syft" in told[0]
    assert document["compositions"] == [{"aggregate": "unknown", "assemblies": [APP]}]


def test_an_incomplete_document_makes_the_export_incomplete():
    partial = json.loads(cyclonedx(LODASH, subject=APP))
    partial["compositions"] = [{"aggregate": "incomplete", "assemblies": ["root"]}]
    submit("a", json.dumps(partial).encode())

    merged = merge_sboms(APP, actor=SEES_ALL)

    assert json.loads(write_json(merged))["compositions"][0]["aggregate"] == "incomplete"
    assert b"<aggregate>incomplete</aggregate>" in write_xml(merged)


def test_the_library_reads_the_xml_back():
    submit("a", cyclonedx(LODASH, HASHED, *ODD_PURLS, subject=APP, dependencies={"root": [LODASH]}))
    merged = merge_sboms(APP, actor=SEES_ALL)

    bom = Bom.from_xml(StringIO(write_xml(merged).decode()))  # type: ignore[attr-defined]  # made by a decorator

    assert sorted(component.bom_ref.value for component in bom.components) == [part.identity for part in merged.parts]
    assert [str(dependency.ref) for dependency in bom.dependencies if dependency.dependencies] == [APP]


def test_xml_and_json_hold_the_same():
    submit("a", cyclonedx(LODASH, *ODD_PURLS, subject=APP, dependencies={"root": [LODASH]}))
    merged = merge_sboms(APP, actor=SEES_ALL)
    space = "{http://cyclonedx.org/schema/bom/1.6}"

    tree = ET.fromstring(write_xml(merged))
    document = json.loads(write_json(merged))

    purls = [element.text for element in tree.findall(f"{space}components/{space}component/{space}purl")]
    assert purls == [component["purl"] for component in document["components"]]
    assert tree.get("serialNumber") == document["serialNumber"]
    assert [element.get("ref") for element in tree.findall(f"{space}dependencies/{space}dependency")] == [APP]


def test_text_that_xml_cannot_hold_is_replaced():
    submit("a", cyclonedx({"name": "bad\u0001name <&>", "version": "1"}, subject=APP))

    tree = ET.fromstring(write_xml(merge_sboms(APP, actor=SEES_ALL)))

    names = [element.text or "" for element in tree.iterfind("{*}components/{*}component/{*}name")]
    assert len(names) == 1
    assert names[0].startswith("bad")
    assert names[0].endswith("name <&>")
    assert "\u0001" not in names[0]


def test_without_sbom_nothing_is_claimed():
    report("a", deployment(digest=APP))

    with pytest.raises(NoSbomError):
        merge_sboms(APP, actor=SEES_ALL)


def test_too_large_a_union_is_refused_with_its_numbers(monkeypatch):
    submit("a", cyclonedx("pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/c@1", subject=APP))
    monkeypatch.setattr(merging, "MAX_COMPONENTS", 2)

    with pytest.raises(ExportTooLargeError) as refused:
        merge_sboms(APP, actor=SEES_ALL)

    assert refused.value.status == 413
    assert "3 components; at most 2" in refused.value.message


def test_documents_beyond_the_budget_still_give_their_components(monkeypatch):
    submit("a", cyclonedx(LODASH, HASHED, subject=APP))
    submit("a", cyclonedx(EXPRESS, subject=APP, tool="trivy"), at=later(1))
    monkeypatch.setattr(merging, "MAX_READ_COMPONENTS", 1)

    merged = merge_sboms(APP, actor=SEES_ALL)

    assert (merged.read_count, len(merged.parts), len(merged.evidence)) == (1, 3, 2)
    assert {component.name for component in read_back(write_json(merged)).components} == {
        "lodash",
        "express",
        "tool.so",
    }


def test_another_teams_sbom_is_not_merged():
    submit("b", cyclonedx(LODASH, subject=APP))
    before = write_json(merge_sboms(APP, actor=member_of("b")))
    submit("a", cyclonedx(EXPRESS, subject=APP))

    assert write_json(merge_sboms(APP, actor=member_of("b"))) == before


@pytest.mark.parametrize("generator", ["trivy", "npm", "syft"])
def test_real_documents_survive_the_round_trip(generator):
    path = next(
        path
        for path in sorted(BIG.glob("*.json.gz"))
        if generator in gzip.decompress(path.read_bytes()).decode()[:4000]
    )
    submit("a", gzip.decompress(path.read_bytes()), artifacts=[APP])

    record = export()

    assert [component.purl.text for component in record.components if component.purl] == stored_purls(APP)


def test_six_statements_whatever_the_number_of_documents(django_assert_max_num_queries):
    for number in range(5):
        submit("a", cyclonedx(LODASH, f"pkg:npm/p{number}@1", subject=APP, tool=f"tool{number}"))

    with django_assert_max_num_queries(6):
        merge_sboms(APP, actor=SEES_ALL)
