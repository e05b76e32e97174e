"""What is read of SPDX in RDF/XML and in plain XML: in pieces, nested or flat; and what of XML is refused."""

import pytest

from inventory.formats.detect import detect
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import ROOT, Edge, FormatError
from inventory.formats.schema import check
from tests.inventory.formats.documents import package, relation, spdx
from tests.inventory.formats.fixtures import read_sbom
from tests.inventory.formats.spdx_writers import rdf, xml

OPEN = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:s="http://spdx.org/rdf/terms#" '
    'xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xml:base="https://example.test/spdx/1">'
)
TERMS = "http://spdx.org/rdf/terms#"
HEAD = OPEN + (
    '<s:SpdxDocument rdf:about="#SPDXRef-DOCUMENT"><s:specVersion>SPDX-2.3</s:specVersion><s:name>x</s:name>'
    '<s:dataLicense rdf:resource="http://spdx.org/licenses/CC0-1.0"/>'
    '<s:creationInfo rdf:nodeID="made"/></s:SpdxDocument>'
    '<s:CreationInfo rdf:nodeID="made"><s:creator>Tool: syft-1.18.1</s:creator>'
    "<s:created>2026-01-02T03:04:05Z</s:created></s:CreationInfo>"
)
PACKAGE = (
    '<s:Package rdf:about="#SPDXRef-a"><s:name>a</s:name><s:downloadLocation>NONE</s:downloadLocation></s:Package>'
)
PLAIN = (
    "<Document><SPDXID>SPDXRef-DOCUMENT</SPDXID><spdxVersion>SPDX-2.3</spdxVersion><name>x</name>"
    "<packages><SPDXID>SPDXRef-a</SPDXID><name>a</name></packages>"
)


def described(body):
    return (HEAD + body + "</rdf:RDF>").encode()


def refused(data, **limits):
    with pytest.raises(FormatError) as caught:
        read_document(data, limits=Limits(**limits))
    return caught.value.code, caught.value.pointer


def warned(data):
    return [(warning.code, warning.pointer) for warning in read_sbom(data).warnings]


def test_what_the_document_says_of_itself_is_read() -> None:
    record = read_sbom(described(PACKAGE))

    assert (record.format_version, record.media_type, record.producer) == ("2.3", "application/rdf+xml", "syft")
    assert (record.serial, record.warnings) == ("https://example.test/spdx/1", [])
    assert [(one.name, one.ref) for one in record.components] == [("a", "SPDXRef-a")]


def test_a_package_is_found_nested_in_the_relationship_that_names_it() -> None:
    inner = f'<s:relationship><s:Relationship><s:relationshipType rdf:resource="{TERMS}relationshipType_dependsOn"/>'
    inner += '<s:relatedSpdxElement><s:Package rdf:about="#SPDXRef-b"><s:name>b</s:name></s:Package>'
    inner += "</s:relatedSpdxElement></s:Relationship></s:relationship>"
    record = read_sbom(described(PACKAGE.replace("</s:Package>", inner + "</s:Package>")))

    assert [one.name for one in record.components] == ["a", "b"]
    assert record.edges == [Edge(ROOT, 1)]


def test_a_package_described_in_pieces_is_one_package() -> None:
    pieces = (
        '<rdf:Description rdf:about="#SPDXRef-a"><s:versionInfo>3</s:versionInfo></rdf:Description>' + PACKAGE +
        '<s:Package rdf:about="https://example.test/spdx/1#SPDXRef-a"><s:sourceInfo>x</s:sourceInfo></s:Package>'
    )  # fmt: skip

    [component] = read_sbom(described(pieces)).components

    assert (component.name, component.version) == ("a", "3")


def test_flat_descriptions_and_blank_nodes_are_put_together() -> None:
    body = f"""
    <rdf:Description rdf:about="#SPDXRef-a"><s:name>a</s:name><rdf:type rdf:resource="{TERMS}Package"/>
      <s:checksum rdf:nodeID="sum"/><s:externalRef rdf:nodeID="ref"/><s:relationship rdf:nodeID="rel"/>
    </rdf:Description>
    <rdf:Description rdf:nodeID="sum"><rdf:type rdf:resource="{TERMS}Checksum"/>
      <s:algorithm rdf:resource="{TERMS}checksumAlgorithm_sha256"/><s:checksumValue>{"a" * 64}</s:checksumValue>
    </rdf:Description>
    <s:ExternalRef rdf:nodeID="ref" s:referenceLocator="pkg:npm/a@1">
      <s:referenceType rdf:resource="http://spdx.org/rdf/references/purl"/></s:ExternalRef>
    <s:Relationship rdf:nodeID="rel"><s:relatedSpdxElement rdf:resource="{TERMS}none"/>
      <s:relationshipType rdf:resource="{TERMS}relationshipType_dependsOn"/></s:Relationship>
    """

    record = read_sbom(described(body))

    assert [str(one.digest) for one in record.subjects] == ["sha256:" + "a" * 64]
    assert [one.purl.text for one in record.components if one.purl] == ["pkg:npm/a@1"]
    assert (record.completeness, record.warnings) == ("complete", [])
    assert record.components[0].pointer == "(//rdf:Description)[1]"


def test_what_is_described_in_another_document_is_no_dangling_target() -> None:
    document = spdx(package("a"), relationships=[relation("a", "DEPENDS_ON", "b")])

    assert read_sbom(rdf(document).replace(b"/1#SPDXRef-b", b"/2#SPDXRef-b")).warnings == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (PACKAGE.replace("NONE", "NONE</s:downloadLocation><s:checksum s:algorithm='x'/><s:downloadLocation>"),
         ("bad_rdf", "")),
        (PACKAGE + "<s:Package>", ("bad_xml", "line 1")),
        ("<s:Package rdf:about='#x'><s:annotation>" * 3_000, ("too_deep", "")),
        (PACKAGE.replace("a", "&lol;", 1), ("bad_xml", "line 1")),
        ("<s:Package/>" * 9, ("too_many_components", "/rdf:RDF")),
        ("<!--" + "x" * 1_200_000 + "-->", ("bad_xml", "")),
    ],
)  # fmt: skip
def test_rdf_that_cannot_be_read_whole_is_refused(body, found) -> None:
    assert refused(described(body), components=8) == found


def test_a_document_type_is_refused_behind_anything() -> None:
    data = b"<?xml version='1.0'?><!-- x --><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>" + described(PACKAGE)

    assert refused(data) == ("dtd_forbidden", "")


@pytest.mark.parametrize(
    ("member", "found"),
    [
        ("<s:externalRef><s:ExternalRef s:referenceType='purl' s:referenceLocator='x'/></s:externalRef>",
         ("bad_purl", "(//spdx:Package)[2]/spdx:externalRef[1]/spdx:ExternalRef/spdx:referenceLocator")),
        ("<s:checksum><s:Checksum/></s:checksum>", ("bad_hash", "(//spdx:Package)[2]/spdx:checksum[1]")),
        ("<s:versionInfo>" + "9" * 5_000 + "</s:versionInfo>", ("too_long", "(//spdx:Package)[2]/spdx:versionInfo")),
        ("<s:sourceInfo>" + "9" * 1_100_000 + "</s:sourceInfo>",
         ("string_too_long", "(//spdx:Package)[2]/spdx:sourceInfo")),
        ("<s:relationship><s:Relationship/></s:relationship>", ("wrong_shape", "(//spdx:Relationship)[1]")),
    ],
)  # fmt: skip
def test_each_defect_is_told_with_its_xpath(member, found) -> None:
    second = PACKAGE.replace("SPDXRef-a", "SPDXRef-b").replace("</s:Package>", member + "</s:Package>")

    document = f'<s:describesPackage rdf:resource="#SPDXRef-a"/>{HEAD.partition("</s:name>")[2]}'
    data = HEAD.partition("</s:name>")[0] + "</s:name>" + document + PACKAGE + second + "</rdf:RDF>"

    assert warned(data.encode()) == [found]


def test_the_shape_is_held_to_the_mandatory_fields_with_xpaths() -> None:
    data = described('<s:Package rdf:about="#a"><s:name>a</s:name></s:Package>')

    verdict = check(data, detect(data))

    assert verdict is not None
    assert sorted((one.pointer, one.message) for one in verdict.errors) == [
        ("(//spdx:Package)[1]", '"downloadLocation" is a required property'),
        ("(//spdx:Package)[1]/@rdf:about", '"a" does not match "^SPDXRef-"'),
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<packages><name/></packages>", ("bad_name", "/Document/packages[2]/name")),
        ("<packages>text</packages>", ("wrong_shape", "/Document/packages[2]")),
        ("<name>y</name>", ("duplicate_key", "/Document/name")),
        ("<colour>red</colour>", ("unknown_field", "/Document/colour")),
        ("<relationships><spdxElementId>a</spdxElementId></relationships>",
         ("wrong_shape", "/Document/relationships[1]")),
    ],
)  # fmt: skip
def test_each_defect_of_plain_xml_is_told_with_its_xpath(body, found) -> None:
    described_by = "<documentDescribes>SPDXRef-a</documentDescribes>"

    assert warned((PLAIN + described_by + body + "</Document>").encode()) == [found]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (PLAIN + "<packages>", ("bad_xml", "line 1")),
        (PLAIN + "<x>" * 70 + "</x>" * 70 + "</Document>", ("too_deep", "")),
        (PLAIN.replace("2.3", "2.1") + "</Document>", ("unsupported_version", "/Document/spdxVersion")),
    ],
)
def test_plain_xml_that_cannot_be_read_is_refused(data, found) -> None:
    assert refused(data.encode()) == found


def test_plain_xml_is_held_to_its_shape() -> None:
    data = xml(spdx(package("a") | {"SPDXID": "a"}))

    verdict = check(data, detect(data))

    assert verdict is not None
    assert [one.pointer for one in verdict.errors] == ["/Document/packages[1]/SPDXID"]
