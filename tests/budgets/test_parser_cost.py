"""What a component costs the reader, against json.loads of the same bytes: a machine moves both, not their ratio."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from inventory.formats import known_components
from inventory.formats.collector import collector_paused
from inventory.formats.detect import detect
from inventory.formats.read import open_document, read_document, read_source
from inventory.formats.schema import check, check_source
from tests.factories import cyclonedx

READ_RATIO = 2.5
"""Reading makes checked records, of which json.loads knows nothing; a second walk over the components would show."""
CHECK_RATIO = 2.5
AGAIN_RATIO = 1.5
"""Reading and judging what the process has read before: the next build of a service."""
REPEATS = 9


def document(components: int) -> bytes:
    listed = [
        {
            "bom-ref": f"ref-{place}",
            "name": f"package-{place}",
            "version": "1.0.0",
            "purl": f"pkg:npm/package-{place}@1.0.0",
            "hashes": [{"alg": "SHA-256", "content": f"{place:064x}"}],
            "licenses": [{"license": {"id": "MIT"}}],
            "properties": [{"name": f"syft:location:{n}:path", "value": f"/app/{place}"} for n in range(4)],
            "externalReferences": [{"type": "website", "url": f"https://example.org/{place}"}],
        }
        for place in range(components)
    ]
    return cyclonedx(*listed, dependencies={"root": [f"ref-{place}" for place in range(components)]})


def cheapest(work: Callable[[], object], *, anew: bool = True) -> float:
    """Return the processor time of the cheapest of several runs, each in a process that knows no component."""
    found = []
    for _ in range(REPEATS):
        if anew:
            known_components.forget_all()
        begun = time.process_time()
        with collector_paused():
            work()
        found.append(time.process_time() - begun)
    return min(found)


def test_reading_a_component_costs_a_few_times_what_json_loads_does() -> None:
    data = document(3_000)
    read_document(data)  # its purls are parsed once for all documents that name them

    assert cheapest(lambda: read_document(data)) <= READ_RATIO * cheapest(lambda: json.loads(data))


def test_the_schemas_verdict_costs_a_few_times_what_json_loads_does() -> None:
    data = document(3_000)
    detected = detect(data)
    assert check(data, detected) is not None

    assert cheapest(lambda: check(data, detected)) <= CHECK_RATIO * cheapest(lambda: json.loads(data))


def test_a_document_whose_components_are_known_costs_about_what_json_loads_does() -> None:
    data = document(3_000)

    def read_and_judge() -> None:
        source = open_document(data)
        read_source(source)
        check_source(source)

    read_and_judge()

    assert cheapest(read_and_judge, anew=False) <= AGAIN_RATIO * cheapest(lambda: json.loads(data))


def test_a_component_costs_the_same_in_a_document_ten_times_as_long() -> None:
    short, long = document(800), document(8_000)
    for data in (short, long):
        read_document(data)

    ratio = cheapest(lambda: read_document(long)) / cheapest(lambda: read_document(short))

    assert ratio <= 15.0
