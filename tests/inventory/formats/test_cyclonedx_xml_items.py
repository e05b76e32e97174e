"""Components of CycloneDX XML that are taken by their tags are what the parser gives."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory.formats import cyclonedx_xml, xml_walk
from inventory.formats.cyclonedx_xml import read_cyclonedx_xml
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.text import require_utf8


def component(place: int) -> str:
    return (
        f'<component type="library" bom-ref="pkg:deb/x/p{place}@1?arch=amd64&amp;distro=x"><group>@g</group>'
        f"<name>p{place}</name>\n  <version>{place}</version><description>a &lt; b</description>"
        f'<hashes><hash alg="SHA-1">{place:040x}</hash></hashes><licenses><license><id>MIT</id></license></licenses>'
        f"<cpe>cpe:2.3:a:x:p{place}:1:*:*:*:*:*:*:*</cpe><purl>pkg:deb/x/p{place}@1?arch=amd64&amp;distro=x</purl>"
        f'<properties><property name="syft:package:type">deb</property><property name="x">{place}</property>'
        "</properties></component>\n"
    )


TEXT = (
    '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><metadata><component '
    'type="application" bom-ref="root"><name>root</name></component></metadata>\n<components>'
    f'{"".join(map(component, range(16)))}</components><dependencies><dependency ref="root"/></dependencies></bom>'
)
JUNK = st.sampled_from(
    ["<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?x", "?>", "&amp;", "&lt;", "&#65;", "&x;", "&", '"',
     "'", " ", "\n", "\r\n", "\t", "\x01", "\x85", "\ufffe", "\ufdd0", "é", "#", "<name>x</name>", "<x/>", "x",
     "</component>", "<component>", "<components>", "</components>", ' xmlns="urn:x"', "<!DOCTYPE x>", "</bom>",
     "<component><name>n</name></component>", "<components><component><name>n</name></component></components>",
     "<pedigree><ancestors><component><name>n</name></component></ancestors></pedigree>", "<scope>optional</scope>",
     ' bom-ref="a b"', ' bom-ref=""', ' mime-type=""', '<property name="syft:package:type">x</property>', "ka0z",
     '<hash alg="MD5">x</hash>', "<evidence><identity><confidence>0.1</confidence></identity></evidence>"]
)  # fmt: skip
SECOND = TEXT.index("<component type", TEXT.index("<components>") + 1_000)


def everything(data: bytes) -> Any:
    try:
        return read_cyclonedx_xml(require_utf8(data), version="1.5", limits=DEFAULT_LIMITS)
    except FormatError as error:
        return error.code, error.pointer


@given(changes=st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 30), JUNK), max_size=3))
@example([(SECOND, 0, "<!--"), (SECOND + 1_600, 0, "-->")])
@example([(TEXT.index("<components>") + 11, 0, ' xmlns="urn:x"')])
@example([(TEXT.index("<components>") + 11, 0, ' xmlns="http://cyclonedx.org/schema/bom/1.4"')])
@settings(max_examples=600, deadline=None)
def test_a_document_that_was_tampered_with_is_read_alike(changes: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for chosen, removed, junk in changes:
        place = chosen % (len(text) + 1)
        text = text[:place] + junk + text[place + removed :]
    data = text.encode()

    taken = everything(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cyclonedx_xml, "is_splittable", lambda _data: False)

        assert taken == everything(data)


def test_components_written_like_one_before_need_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[int] = []
    feed = xml_walk._Walker._feed

    def counted(self: Any, end: int) -> None:
        walked.append(end - self._place)
        feed(self, end)

    monkeypatch.setattr(xml_walk._Walker, "_feed", counted)
    data = TEXT.replace("</components>", "".join(map(component, range(16, 2_000))) + "</components>", 1).encode()

    record = everything(data)

    assert len(record.components) == 2_000
    assert record.components[-1].ref == "pkg:deb/x/p1999@1?arch=amd64&distro=x"
    assert record.components[-1].pointer == "/bom/components/component[2000]"
    assert sum(walked) < len(data) / 10


def test_what_names_mean_below_another_namespace_is_left_to_the_parser() -> None:
    listed = "".join(f"<component><name>n{place}</name></component>" for place in range(16))
    data = (
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.5" xmlns:b="http://cyclonedx.org/schema/bom/1.5">'
        f'<b:components xmlns="urn:other">{listed}</b:components></bom>'
    ).encode()

    assert everything(data).components == []
