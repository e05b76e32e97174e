"""What is read of SPDX tag-value text, and on which line a defect is told."""

import pytest

from inventory.formats.detect import detect
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from inventory.formats.schema import check
from tests.inventory.formats.documents import package, relation, spdx
from tests.inventory.formats.fixtures import read_sbom
from tests.inventory.formats.spdx_writers import tag_value

HEAD = """\
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: made for a test
DocumentNamespace: https://example.test/spdx/1
Creator: Tool: syft-1.18.1
Created: 2026-01-02T03:04:05Z
"""
PACKAGE = "PackageName: a\nSPDXID: SPDXRef-a\nPackageDownloadLocation: NOASSERTION\n"


def places(text):
    return [(warning.code, warning.pointer) for warning in read_sbom(text.encode()).warnings]


def refused(text):
    with pytest.raises(FormatError) as caught:
        read_document(text.encode())
    return caught.value.code, caught.value.pointer


def test_what_the_document_says_of_itself_is_read() -> None:
    record = read_sbom((HEAD + PACKAGE).encode())

    assert (record.format, record.format_version, record.media_type) == ("spdx", "2.3", "text/spdx")
    assert (record.producer, record.producer_version) == ("syft", "1.18.1")
    assert record.serial == "https://example.test/spdx/1"
    assert str(record.created_at) == "2026-01-02 03:04:05+00:00"


def test_a_package_ends_where_the_next_begins_and_files_are_no_components() -> None:
    text = HEAD + "FileName: ./x\nSPDXID: SPDXRef-x\n" + PACKAGE + "PackageName: b\nSPDXID: SPDXRef-b\n"

    assert [(one.name, one.ref, one.pointer) for one in read_sbom(text.encode()).components] == [
        ("a", "SPDXRef-a", "line 10"),
        ("b", "SPDXRef-b", "line 13"),
    ]


def test_a_long_text_hides_what_looks_like_tags() -> None:
    text = HEAD + PACKAGE + "PackageComment: <text>one\nPackageName: not a package\r\n</text>\nPackageVersion: 2\n"

    [component] = read_sbom(text.encode()).components

    assert (component.name, component.version) == ("a", "2")


def test_windows_line_ends_indented_tags_and_comments_are_taken() -> None:
    text = (HEAD + "# a comment: of two words\n" + PACKAGE + "  PackageVersion: 3  \n").replace("\n", "\r\n")

    record = read_sbom(text.encode())

    assert [one.version for one in record.components] == ["3"]
    assert record.warnings == []


def test_a_trailing_annotation_names_the_image() -> None:
    document = spdx(
        package(
            "image",
            primaryPackagePurpose="CONTAINER",
            annotations=[{"annotator": "Tool: trivy", "comment": "RepoDigest: shop@sha256:" + "b" * 64}],
        ),
        relationships=[relation("DOCUMENT", "DESCRIBES", "image")],
    )

    assert [str(one.digest) for one in read_sbom(tag_value(document)).subjects] == ["sha256:" + "b" * 64]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("ExternalRef: PACKAGE-MANAGER purl not-a-purl", ("bad_purl", "line 11")),
        ("PackageChecksum: SHA256: 0f", ("bad_hash", "line 11")),
        ("PackageVersion: 1\nPackageVersion: 2", ("duplicate_key", "line 12")),
        ("PackageColour: red", ("unknown_field", "line 11")),
        ("and so on", ("bad_line", "line 11")),
        ("SnippetName: of nothing", ("bad_line", "line 11")),
        ("PackageVersion: " + "9" * 5_000, ("too_long", "line 11")),
        ("Relationship: SPDXRef-a DEPENDS_ON", ("wrong_shape", "line 11")),
        ("Relationship: SPDXRef-a DEPENDS_ON SPDXRef-gone", ("dangling_ref", "line 11")),
        ("PackageName:", ("bad_name", "line 11")),
        ("PackageName: x\0y", ("nul_in_string", "line 11")),
        ("PackageName: x\nPackageComment: <text>" + "y" * 1_100_000 + "</text>", ("string_too_long", "line 12")),
    ],
)
def test_each_defect_is_told_with_its_line(lines, found) -> None:
    assert places(HEAD + PACKAGE + lines + "\n") == [found]


def test_a_bad_package_is_counted_and_the_next_one_read() -> None:
    record = read_sbom((HEAD + "PackageName:\nSPDXID: SPDXRef-x\n" + PACKAGE).encode())

    assert (record.component_count, record.stored_count) == (2, 1)


def test_the_first_of_two_values_counts() -> None:
    text = HEAD + PACKAGE + "PackageVersion: 1\nPackageVersion: 2\n"

    assert [one.version for one in read_sbom(text.encode()).components] == ["1"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEAD + PACKAGE + "PackageComment: <text>never\nPackageName: lost\n", ("unclosed_text", "line 11")),
        (HEAD + PACKAGE + HEAD, ("duplicate_key", "line 11")),
        (HEAD.replace("2.3", "2.1") + PACKAGE, ("unsupported_version", "line 1")),
    ],
)
def test_a_document_of_which_something_would_be_lost_is_refused(text, found) -> None:
    assert refused(text) == found


def test_utf16_is_refused_by_name() -> None:
    with pytest.raises(FormatError) as caught:
        read_document((HEAD + PACKAGE).encode("utf-16"))

    assert caught.value.code == "not_utf8"


def test_the_shape_is_held_to_the_mandatory_fields_with_lines() -> None:
    data = (HEAD + "PackageName: a\nSPDXID: a\n").encode()

    verdict = check(data, detect(data))

    assert verdict is not None
    assert sorted((one.pointer, one.message) for one in verdict.errors) == [
        ("line 8", '"downloadLocation" is a required property'),
        ("line 9", '"a" does not match "^SPDXRef-"'),
    ]


def test_a_good_document_keeps_to_its_shape() -> None:
    data = (HEAD + PACKAGE).encode()

    verdict = check(data, detect(data))

    assert verdict is not None
    assert verdict.valid
