"""What a document is recognised as, read or not."""

import json

import pytest

from inventory.formats.convert import CONVERTERS
from inventory.formats.detect import Kind, detect
from inventory.formats.read import READERS, read_document
from inventory.formats.records import FormatError
from tests.inventory.formats.documents import component, cyclonedx, encode, pod, spdx
from tests.inventory.formats.test_convert import EXAMPLES

JSON_DOCUMENTS = [
    (cyclonedx(), Kind.SBOM, "cyclonedx", "1.6"),
    ({"specVersion": "1.4", "components": []}, Kind.SBOM, "cyclonedx", "1.4"),
    (spdx(), Kind.SBOM, "spdx", "2.3"),
    ({"sbom": spdx()}, Kind.SBOM, "spdx", "2.3"),
    ({"Document": spdx()}, Kind.SBOM, "spdx", "2.3"),
    ({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}, Kind.SBOM, "spdx-3", "3"),
    ({"artifacts": [], "descriptor": {}, "schema": {}}, Kind.SBOM, "syft-json", ""),
    ({"_type": "https://in-toto.io/Statement/v1", "predicateType": "x"}, Kind.ATTESTATION, "in-toto", "v1"),
    ({"payloadType": "application/vnd.in-toto+json", "payload": "", "signatures": []}, Kind.ATTESTATION, "dsse", ""),
    ({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}, Kind.ATTESTATION, "sigstore-bundle", ""),
    ({"verificationMaterial": {}, "dsseEnvelope": {}}, Kind.ATTESTATION, "sigstore-bundle", ""),
    ({"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}, Kind.VEX, "openvex", "v0.2.0"),
    ({"document": {"csaf_version": "2.0"}}, Kind.VEX, "csaf", "2.0"),
    ({"schema_version": "1.6.0", "id": "X-1", "modified": "", "affected": []}, Kind.ADVISORY, "osv", "1.6.0"),
    ({"scorecard": {}, "checks": []}, Kind.POSTURE, "scorecard", ""),
    (pod(), Kind.DEPLOYMENT, "kubernetes", "v1"),
    ({"kind": "PodList", "apiVersion": "v1", "items": []}, Kind.DEPLOYMENT, "kubernetes", "v1"),
    ({"kind": "Deployment", "apiVersion": "apps/v1"}, Kind.DEPLOYMENT, "kubernetes-object", "Deployment (apps/v1)"),
    ({"cluster": "", "namespace": "", "workload": ""}, Kind.DEPLOYMENT, "deployment", ""),
    ([{"cluster": "", "namespace": "", "container": ""}], Kind.DEPLOYMENT, "deployment", ""),
    ({"deployment_name": "a/b/c", "digest": ""}, Kind.DEPLOYMENT, "deployment", ""),
    ({"logical_environment": "p", "deployments": []}, Kind.DEPLOYMENT, "deployment", ""),
    ({"observed_at": "", "records": []}, Kind.DEPLOYMENT, "deployment", ""),
    ({"schemaVersion": 2, "manifests": []}, Kind.IMAGE, "oci-index", "2"),
    ({"schemaVersion": 2, "config": {}, "layers": []}, Kind.IMAGE, "oci-manifest", "2"),
    ({"schemaVersion": 1, "fsLayers": []}, Kind.IMAGE, "docker-schema1", "1"),
    ({"matches": [], "descriptor": {}}, Kind.OTHER, "grype-json", ""),
    ({"SchemaVersion": 2, "Results": []}, Kind.OTHER, "trivy-json", ""),
]

TEXTS = [
    (b'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>', Kind.SBOM, "cyclonedx-xml", "1.5"),
    (b'<r:RDF xmlns:r="urn:r" xmlns:spdx="http://spdx.org/rdf/terms#"/>', Kind.SBOM, "spdx-rdf", ""),
    (b"<Document><spdxVersion>SPDX-2.3</spdxVersion></Document>", Kind.SBOM, "spdx-xml", ""),
    (b'# proto-file: schema/bom-1.6.proto\n\nspec_version: "1.6"\n', Kind.SBOM, "cyclonedx-textproto", "1.6"),
    (b'spec_version: "1.3"\nversion: 1\n', Kind.SBOM, "cyclonedx-textproto", "1.3"),
    (b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", Kind.SBOM, "spdx-tag-value", "2.3"),
    (b"---\nspdxVersion: 'SPDX-2.2'\n", Kind.SBOM, "spdx-yaml", "2.2"),
    (b"apiVersion: v1\nkind: Pod\n", Kind.DEPLOYMENT, "kubernetes-yaml", ""),
    (b"services:\n  web:\n    image: nginx:1.27\n", Kind.DEPLOYMENT, "compose-file", ""),
    (b"name: build\non: push\njobs:\n  a: {}\n", Kind.WORKFLOW, "github-workflow", ""),
]


@pytest.mark.parametrize(("document", "kind", "name", "version"), JSON_DOCUMENTS)
def test_json_is_recognised_by_its_names(document, kind, name, version) -> None:
    found = detect(encode(document))

    assert (found.kind, found.format, found.format_version) == (kind, name, version)


@pytest.mark.parametrize(("data", "kind", "name", "version"), TEXTS)
def test_text_is_recognised_by_its_beginning(data, kind, name, version) -> None:
    found = detect(data)

    assert (found.kind, found.format, found.format_version) == (kind, name, version)


@pytest.mark.parametrize("data", [data for data, *_ in TEXTS if detect(data).format not in READERS])
def test_what_has_no_reader_is_refused_by_its_name(data) -> None:
    with pytest.raises(FormatError) as caught:
        read_document(data)

    assert caught.value.code == "unsupported_format"
    assert detect(data).format in caught.value.message


@pytest.mark.parametrize("data", [b'{"foo": 1}', b"hello", b"<html></html>", b"{}"])
def test_what_is_nothing_we_know_says_so(data) -> None:
    with pytest.raises(FormatError) as caught:
        read_document(data)

    assert caught.value.code == "unknown_format"


def test_attestations_one_a_line_are_recognised() -> None:
    line = json.dumps({"payloadType": "x", "payload": "", "signatures": []}).encode()

    assert detect(line + b"\n" + line + b"\n").format == "dsse"


@pytest.mark.parametrize("source", sorted(CONVERTERS))
@pytest.mark.parametrize("kind", [None, "deployment"])
@pytest.mark.parametrize(
    "how", [encode, lambda value: encode([value]), lambda value: encode(value) + b"\n" + encode(value)]
)
def test_what_another_runtime_lists_is_refused_with_the_command_that_converts_it(source, kind, how) -> None:
    listed = EXAMPLES[source]

    with pytest.raises(FormatError) as caught:
        read_document(how(listed[0] if isinstance(listed, list) else listed), kind=kind)

    assert caught.value.code == "unsupported_format"
    assert f"convert_runtime --from {source}" in caught.value.message


def test_another_kind_than_the_sender_named_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        read_document(encode(cyclonedx(component("a"))), kind="deployment")

    assert caught.value.code == "kind_mismatch"


STATED = "<vulnerabilities><vulnerability><analysis/></vulnerability></vulnerabilities>"
LISTED = "<components><component><name>a</name></component></components>"


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        (STATED, Kind.VEX),
        (f"<components/>{STATED}", Kind.VEX),
        (f"<metadata><tools>{LISTED}</tools></metadata>{STATED}", Kind.VEX),
        (f"{LISTED}{STATED}", Kind.SBOM),
        ("<vulnerabilities><vulnerability><id>CVE-1</id></vulnerability></vulnerabilities>", Kind.SBOM),
        ("", Kind.SBOM),
    ],
)
def test_xml_that_holds_statements_and_no_component_is_a_vex_document(inside: str, kind: Kind) -> None:
    data = f'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">{inside}</bom>'.encode()

    assert detect(data).kind is kind
