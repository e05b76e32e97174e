"""What a component of CycloneDX XML costs: in calls, against a bare loop of the same parser, and in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.parsers import expat

import pytest

from inventory.formats.read import read_document
from tests.effort import assert_linear, calls_of, cost

CALLS = 190
"""Of which 25 read what the component says of where it comes from and who made it."""
READ_RATIO = 9.0
"""Three times what is measured. The bare loop calls a handler for each element and text and does nothing with them."""
KILOBYTES = 5.0


def document(components: int) -> bytes:
    listed = "".join(component(place) for place in range(components))
    edges = "".join(f'<dependency ref="pkg:npm/%40scope/package-{place}@1.0.0"/>' for place in range(components))
    return (
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><metadata><component bom-ref="root">'
        f"<name>root</name></component></metadata><components>{listed}</components>"
        f'<dependencies><dependency ref="root">{edges}</dependency></dependencies></bom>'
    ).encode()


def component(place: int) -> str:
    """About 1 kB, as syft writes it."""
    address = f"https://example.org/{place}"
    properties = "".join(
        f'<property name="syft:location:{n}:path">/app/node_modules/package/{place}</property>' for n in range(4)
    )
    return (
        f'<component type="library" bom-ref="pkg:npm/%40scope/package-{place}@1.0.0"><group>@scope</group>'
        f"<name>package-{place}</name><version>1.0.0</version>"
        f'<hashes><hash alg="SHA-256">{place:064x}</hash></hashes>'
        "<licenses><license><id>MIT</id></license></licenses>"
        f"<cpe>cpe:2.3:a:scope:package-{place}:1.0.0:*:*:*:*:*:*:*</cpe>"
        f"<purl>pkg:npm/%40scope/package-{place}@1.0.0</purl>"
        f'<externalReferences><reference type="website"><url>{address}</url></reference>'
        f'<reference type="vcs"><url>{address}</url></reference></externalReferences>'
        f"<properties>{properties}</properties></component>"
    )


def bare_loop(data: bytes) -> None:
    parser = expat.ParserCreate("UTF-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda _name, _attributes: None
    parser.EndElementHandler = lambda _name: None
    parser.CharacterDataHandler = lambda _text: None
    parser.Parse(data, True)


def test_a_component_costs_a_few_hundred_calls_and_a_few_times_what_a_bare_loop_takes_for_it() -> None:
    count = 1_000
    data = document(count)
    read_document(data)  # its purls are parsed once for all documents that name them

    assert calls_of(lambda: read_document(data)) <= CALLS * count
    assert cost(lambda: read_document(data), of=lambda: bare_loop(data), limit=READ_RATIO) <= READ_RATIO


def test_a_component_costs_the_same_in_a_document_ten_times_as_long() -> None:
    assert_linear(read_document, document(300), document(3_000))


@pytest.mark.slow
def test_fifty_thousand_components_take_five_kilobytes_each(tmp_path: Path) -> None:
    path, count = tmp_path / "bom.xml", 50_000
    path.write_bytes(document(count))

    told = subprocess.run(
        [sys.executable, "-m", "tests.budgets.reading_of", str(path)],
        capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip

    before, after, found, *_ = map(int, told.stdout.split())
    assert found == count
    assert (after - before) / count <= KILOBYTES
