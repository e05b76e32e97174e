"""One SPDX document says the same in each of its syntaxes: packages, edges, root, digests, warnings by code."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from inventory.formats.detect import detect
from inventory.formats.schema import check
from tests.inventory.formats.documents import encode, package, relation, spdx
from tests.inventory.formats.fixtures import raw, read_sbom
from tests.inventory.formats.spdx_writers import rdf, tag_value, xml, yaml_text

WRITERS = {"tag_value": tag_value, "yaml": yaml_text, "xml": xml, "rdf": rdf}
DIGEST = "sha256:" + "a" * 64
WORDS = st.text(alphabet="abcXYZ019.-_é", min_size=1, max_size=8)
KINDS = st.sampled_from(
    ["DEPENDS_ON", "DEPENDENCY_OF", "CONTAINS", "CONTAINED_BY", "BUILD_DEPENDENCY_OF", "DEV_DEPENDENCY_OF",
     "TEST_DEPENDENCY_OF", "OPTIONAL_COMPONENT_OF", "STATIC_LINK", "VARIANT_OF", "GENERATED_FROM", "OTHER"]
)  # fmt: skip
NAMES = ["a", "b", "c", "d"]
TARGETS = st.sampled_from([*NAMES, "gone", "NONE", "NOASSERTION", "file"])
CHECKSUMS = st.lists(
    st.fixed_dictionaries(
        {"algorithm": st.sampled_from(["SHA1", "SHA256", "SHA512", "MD5", "SHA3-256", "BLAKE2b-256", "SHA255"]),
         "checksumValue": st.sampled_from(["0" * 64, "f" * 40, "a" * 128, "0f"])}
    ),
    min_size=1, max_size=2,
)  # fmt: skip
REFERENCES = st.lists(
    st.fixed_dictionaries(
        {"referenceCategory": st.sampled_from(["PACKAGE-MANAGER", "SECURITY"]),
         "referenceType": st.sampled_from(["purl", "cpe23Type", "npm"]),
         "referenceLocator": st.sampled_from(
            ["pkg:npm/a@1", "pkg:npm/%40s/b@2", "pkg:oci/x@sha256%3A" + "b" * 64, "nothing", "cpe:2.3:a:b:c:1"]
        )}
    ),
    min_size=1, max_size=2,
)  # fmt: skip
TEXTS = {
    "primaryPackagePurpose": st.sampled_from(["CONTAINER", "LIBRARY", "OPERATING-SYSTEM"]),
    "sourceInfo": st.sampled_from(["built package from: xz 5.4", "nothing"]),
    "attributionTexts": st.lists(
        st.sampled_from([f"RepoDigest: shop@{DIGEST}", "ImageID: sha256:" + "c" * 64, "Reference: shop:1"]), min_size=1
    ),
    "filesAnalyzed": st.booleans(),
    "checksums": CHECKSUMS,
    "externalRefs": REFERENCES,
}


@st.composite
def documents(draw):
    packages = [
        package(name, versionInfo=draw(WORDS), **draw(st.fixed_dictionaries({}, optional=TEXTS)))
        for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    ]
    described = [relation("DOCUMENT", "DESCRIBES", draw(st.sampled_from([*NAMES, "file"])))]
    relations = draw(st.lists(st.builds(relation, st.sampled_from(NAMES), KINDS, TARGETS), max_size=6))
    file = {"SPDXID": "SPDXRef-file", "fileName": "./x", "checksums": draw(CHECKSUMS)}
    return spdx(*packages, files=[file], relationships=[*described, *relations])


def said(record):
    """What a record says, without the places and the order in which things were told."""
    return {
        "components": [replace(one, pointer="") for one in record.components],
        "edges": sorted(record.edges),
        "subjects": sorted((str(one.digest), one.kind) for one in record.subjects),
        "names": record.names,
        "label": (record.label_name, record.label_version, record.serial, record.created_at),
        "producer": (record.producer, record.producer_version),
        "completeness": (record.completeness, record.has_edges, record.dependency_count, record.rejected_count),
        "memberships": sorted(map(str, record.memberships)),
        "configs": record.configs,
        "warnings": sorted(one.code for one in record.warnings),
    }


@given(documents())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_syntax_says_what_the_json_says(document) -> None:
    expected = said(read_sbom(encode(document)))

    for name, writer in WRITERS.items():
        assert said(read_sbom(writer(document))) == expected, name


@given(documents())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_syntax_keeps_to_the_shape(document) -> None:
    for writer in (encode, *WRITERS.values()):
        data = writer(document)

        verdict = check(data, detect(data))

        assert verdict is not None
        assert verdict.valid


@pytest.mark.parametrize("writer", WRITERS)
def test_every_component_knows_where_it_stands(writer) -> None:
    data = WRITERS[writer](spdx(package("a"), package("b")))

    places = [one.pointer for one in read_sbom(data).components]

    assert (
        places
        == {
            "tag_value": ["line 11", "line 18"],
            "yaml": ["line 11", "line 15"],
            "xml": ["/Document/packages[1]", "/Document/packages[2]"],
            "rdf": ["(//spdx:Package)[1]", "(//spdx:Package)[2]"],
        }[writer]
    )


@pytest.mark.parametrize("name", ["spdx/syft-image.json", "spdx/trivy-image.json", "spdx/ko-index.json"])
@pytest.mark.parametrize("writer", ["yaml", "xml"])
def test_what_generators_write_is_the_same_in_another_syntax(name, writer) -> None:

    document = json.loads(raw(name))

    assert said(read_sbom(WRITERS[writer](document))) == said(read_sbom(raw(name)))
