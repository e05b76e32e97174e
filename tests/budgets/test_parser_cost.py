"""What a component costs the reader: in calls, and against json.loads of the same bytes."""

from __future__ import annotations

import json

import pytest

from inventory.formats import known_components
from inventory.formats.detect import detect
from inventory.formats.read import open_document, read_document, read_source
from inventory.formats.schema import check, check_source
from inventory.identity import purls
from tests.effort import assert_linear, calls_of, cost
from tests.factories import cyclonedx

COMPONENTS = 3_000
BUDGETS = {
    # kind: calls a component, and times json.loads of the same bytes
    "read": (48, 4.5),
    "judge": (14, 4.0),
    "read and judge again": (11, 3.0),
}
"""The calls are about a seventh more than there are: a second walk over the components would show. The times are three
times what is measured. What is read again is known to the process: the next build of a service."""


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


def read_anew(data: bytes) -> None:
    """Read as a process does that knows no component."""
    known_components.forget_all()
    read_document(data)


def read_as_the_first(data: bytes) -> None:
    """Read as a process does that knows no purl either: those of a long document are not kept."""
    purls.forget_all()
    read_anew(data)


def judge_anew(data: bytes) -> None:
    known_components.forget_all()
    assert check(data, detect(data)) is not None


def read_and_judge(data: bytes) -> None:
    source = open_document(data)
    read_source(source)
    check_source(source)


WORK = {"read": read_anew, "judge": judge_anew, "read and judge again": read_and_judge}


@pytest.mark.parametrize("kind", BUDGETS)
def test_a_component_costs_a_few_calls_and_a_few_times_what_json_loads_takes_for_it(kind: str) -> None:
    data, work, (calls, ratio) = document(COMPONENTS), WORK[kind], BUDGETS[kind]
    work(data)

    assert calls_of(lambda: work(data)) <= calls * COMPONENTS
    assert cost(lambda: work(data), of=lambda: json.loads(data), limit=ratio) <= ratio


def test_a_component_costs_the_same_in_a_document_ten_times_as_long() -> None:
    assert_linear(read_as_the_first, document(800), document(8_000))
