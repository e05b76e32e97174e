"""Elements that are taken by their skeletons are what walking them gives: values, places, and how all is refused."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory.formats import xml_walk
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.spdx2_syntaxes import SYNTAXES
from inventory.formats.text import require_utf8
from inventory.formats.xml_items import is_splittable, leaves, split_tags
from tests.inventory.formats.documents import package, relation, spdx
from tests.inventory.formats.spdx_writers import rdf, xml

NAMES = "abcdefghijklmnop"
"""Enough of them that an expression is made of what they have in common."""
MODEL = spdx(
    *[
        package(
            name,
            versionInfo=f"{name} & 1",
            checksums=[{"algorithm": "SHA1", "checksumValue": name}],
            attributionTexts=[f"{name} > b" if name == "n" else name, " two words" if name == "m" else "two words"],
        )
        for name in NAMES
    ],
    relationships=[
        relation("DOCUMENT", "DESCRIBES", "a"),
        *[relation(name, "DEPENDS_ON", "a") for name in NAMES],
        *[relation("b", "DEPENDS_ON", name) for name in NAMES * 2],
    ],
)
DOCUMENTS = {"spdx-xml": xml(MODEL).decode(), "spdx-rdf": rdf(MODEL).decode()}
JUNK = st.sampled_from(
    ["<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?x", "?>", "&amp;", "&lt;", "&#65;", "&x;", "&", '"',
     "'", " ", "\n", "\r\n", "\t", "\x01", "\x85", "\ufffe", "é", "#", "<name>x</name>", "<x/>", "x", "text",
     "</packages>", "<packages>", "</spdx:Package>", '<spdx:Package rdf:about="', ' xmlns="urn:x"', "<!DOCTYPE x>",
     "<packages><SPDXID>SPDXRef-a</SPDXID></packages>", "</Document>", "</rdf:RDF>", "ka0z", "<spdx:relationship>",
     "</spdx:relationship>", ' xmlns:spdx="urn:y"']
)  # fmt: skip


TOO_LONG = "x" * 70_000
"""More than what is taken as one item."""


def everything(syntax: str, data: bytes, *, takes: bool) -> Any:
    elements: Any = SYNTAXES[syntax](require_utf8(data), limits=DEFAULT_LIMITS, keep=False)
    elements.takes = elements.takes and takes
    try:
        found = [(one.section, one.value) for one in elements]
    except FormatError as error:
        return error.code, error.pointer
    numbers: dict[str, int] = {}
    places = []
    for section, _ in found:
        number = numbers[section] = numbers.get(section, -1) + 1
        places.append(elements.locate(f"/{section}/{number}/name"))
    return found, places, elements.head, elements.is_long, elements.defects.warnings()


@pytest.mark.parametrize("syntax", DOCUMENTS)
def test_elements_written_like_one_before_are_taken(syntax: str, monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[int] = []
    feed = xml_walk._Walker._feed

    def counted(self: Any, end: int) -> None:
        walked.append(end - self._place)
        feed(self, end)

    monkeypatch.setattr(xml_walk._Walker, "_feed", counted)
    model = {**MODEL, "packages": [package(f"p{place}") for place in range(500)], "relationships": []}
    data = {"spdx-xml": xml, "spdx-rdf": rdf}[syntax](model)

    everything(syntax, data, takes=True)

    assert sum(walked) < len(data) / 10


@pytest.mark.parametrize("syntax", DOCUMENTS)
@given(
    changes=st.lists(st.tuples(st.integers(0, max(map(len, DOCUMENTS.values()))), st.integers(0, 30), JUNK), max_size=3)
)
@example([(900, 0, "<!--"), (1600, 0, "-->")])
@example([(900, 0, "<![CDATA["), (1600, 0, "]]>")])
@example([(60, 0, "<!-- <Document> --><!--")])
@settings(max_examples=300, deadline=None)
def test_a_document_that_was_tampered_with_is_read_alike(syntax: str, changes: list[tuple[int, int, str]]) -> None:
    text = DOCUMENTS[syntax]
    for chosen, removed, junk in changes:
        place = chosen % (len(text) + 1)
        text = text[:place] + junk + text[place + removed :]
    data = text.encode()

    assert everything(syntax, data, takes=True) == everything(syntax, data, takes=False)


def test_relationships_of_a_package_that_is_too_long_to_be_taken_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[int] = []
    feed = xml_walk._Walker._feed

    def counted(self: Any, end: int) -> None:
        walked.append(end - self._place)
        feed(self, end)

    monkeypatch.setattr(xml_walk._Walker, "_feed", counted)
    needed = [relation("a", "DEPENDS_ON", f"p{place}") for place in range(3_000)]
    data = rdf({**MODEL, "relationships": needed})

    found = everything("spdx-rdf", data, takes=True)

    assert sum(walked) < len(data) / 4
    assert found == everything("spdx-rdf", data, takes=False)


@pytest.mark.parametrize("syntax", DOCUMENTS)
@pytest.mark.parametrize("place", range(0, 9_000, 700))
def test_a_document_with_an_item_longer_than_a_step_is_read_alike(syntax: str, place: int) -> None:
    text = DOCUMENTS[syntax]
    begins = text.index("<", place) if "<" in text[place:] else 0
    data = (text[:begins] + TOO_LONG + text[begins:]).encode()

    assert everything(syntax, data, takes=True) == everything(syntax, data, takes=False)


@pytest.mark.parametrize(
    "item", ["<a>x > y</a>", "<a><b</a>", '<a b="x>y">c</a>', "<a>&#65;</a>", "<a>&other;</a>", "<a>]]></a>"]
)
def test_what_needs_a_parser_is_not_split(item: str) -> None:
    assert split_tags(item) is None


def test_texts_are_split_from_tags() -> None:
    parts = split_tags('<a b="c"> x &amp;lt; <d/>\n<e>f</e></a>')

    assert parts == (['a b="c"', "d/", "e", "/e", "/a"], ["x &lt;", "", "f", "", ""])
    assert leaves(parts[0]) == [False, False, True, False, False]


@pytest.mark.parametrize("character", ["\r", "\x00", "\x1f", "\ufffe", "\uffff"])
def test_characters_that_xml_does_not_take_or_changes_need_the_parser(character: str) -> None:
    assert is_splittable("<a>é\t\n</a>".encode())
    assert not is_splittable(f"<a>{character}</a>".encode())
