"""Packages of tag-value text that are taken by their lines are what reading line by line gives."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.spdx2_tag_items import PackageLines
from inventory.formats.spdx2_tag_value import TagValue
from inventory.formats.text import require_utf8
from tests.inventory.formats.documents import package, relation, spdx
from tests.inventory.formats.spdx_writers import tag_value

NAMES = "abcdefghijklmnop"
MODEL = spdx(
    *[
        package(
            name,
            versionInfo=f"1: {name}",
            filesAnalyzed=False,
            copyrightText=f"(c)  {name}",
            checksums=[{"algorithm": "SHA1", "checksumValue": name}],
            externalRefs=[
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": f"pkg:npm/{name}"}
            ],
            attributionTexts=["two words", name],
        )
        for name in NAMES
    ],
    relationships=[relation("DOCUMENT", "DESCRIBES", "a"), *[relation(name, "DEPENDS_ON", "a") for name in NAMES]],
)
TEXT = tag_value(MODEL).decode()
JUNK = st.sampled_from(
    ["\n", "\r\n", " ", "\t", ":", "<text>", "</text>", "<", "#", "# x\n", "PackageName: x\n", "PackageName:\n", "é",
     "\x85", "FileName: ./x\n", "Relationship: SPDXRef-a DEPENDS_ON SPDXRef-b\n", "PackageComment: x\n", "SHA256: ",
     "true\n", "Annotator: x\n", "AnnotationComment: x\n", "FilesAnalyzed: TRUE\n", "Unknown: x\n", "ka0z", "\x00",
     "\n<text>PackageName: x\n", "PackageChecksum: x\n", "ExternalRef: a b\n"]
)  # fmt: skip


def everything(data: bytes, *, takes: bool) -> Any:
    found, places, numbers = [], [], dict[str, int]()
    try:
        elements = TagValue(require_utf8(data), limits=DEFAULT_LIMITS, keep=False)
        elements.takes = takes
        for one in elements:
            number = numbers[one.section] = numbers.get(one.section, -1) + 1
            below = ("", "/name", "/versionInfo", "/externalRefs/0", "/attributionTexts/1", "/checksums/0/algorithm")
            places.append([elements.locate(f"/{one.section}/{number}{step}") for step in below])
            found.append((one.section, one.value))
    except FormatError as error:
        return error.code, error.pointer
    return found, places, elements.head, elements.is_long, elements.defects.warnings()


@given(changes=st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 30), JUNK), max_size=3))
@example([(TEXT.index("PackageName: d"), 0, "PackageCopyrightText: <text>x\n")])
@example([(TEXT.index("PackageName: n"), 0, "Relationship: SPDXRef-a DEPENDS_ON SPDXRef-b\nPackageComment: late\n")])
@example(
    [(TEXT.index("PackageName: b"), 0, "Annotator: x\n"), (TEXT.index("PackageName: c"), 0, "SPDXREF: SPDXRef-a\n")]
)
@example([(TEXT.index("PackageChecksum: SHA1: o") + 24, 0, "\x85")])
@example([(TEXT.index("pkg:npm/o"), 0, "\x85")])
@settings(max_examples=600, deadline=None)
def test_a_document_that_was_tampered_with_is_read_alike(changes: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for chosen, removed, junk in changes:
        place = chosen % (len(text) + 1)
        text = text[:place] + junk + text[place + removed :]
    data = text.encode()

    assert everything(data, takes=True) == everything(data, takes=False)


def test_packages_written_like_one_before_are_not_read_line_by_line() -> None:
    model = {**MODEL, "packages": [package(f"p{place}") for place in range(500)], "relationships": []}
    elements = TagValue(require_utf8(tag_value(model)), limits=DEFAULT_LIMITS, keep=False)

    kinds = [type(one.value) for one in elements if one.section == "packages"]

    assert kinds.count(dict) > 490


@pytest.mark.parametrize(
    "line",
    ["PackageVersion:", "PackageVersion: ", "PackageVersion: 1 ", "PackageVersion: <text>1", "FilesAnalyzed: TRUE",
     "PackageChecksum: SHA1", "ExternalRef: a b", "Relationship: a b c", " PackageVersion: 1", "PackageVersion: 1\r"],
)  # fmt: skip
def test_a_line_of_another_form_is_not_split(line: str) -> None:
    lines = PackageLines(read_alone=lambda _document: None)

    assert lines.split("PackageName: a\nPackageVersion: 1\n") is not None
    assert lines.split(f"PackageName: a\n{line}\n") is None
