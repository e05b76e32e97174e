"""The API does what its OpenAPI document says, for requests made from that document and from what is there.

Every operation gets bounded, repeatable examples: positive ones and negative ones, with ids made up and with ids of an
estate. No answer may be a 5xx, of an undocumented status or content type, or of another shape than documented.
`SCHEMATHESIS_EXAMPLES` says how many an operation gets (CONTRIBUTING.md).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from supplychain.access.scopes import Scope
from supplychain.api.views import openapi_document
from supplychain.wsgi import application
from tests.access_matrix.world import Names, make_world
from tests.closed.conftest import ASKED
from tests.supplychain.actors import new_key

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "12"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_OBJECTS = {
    "/keys/": "key",
    "/incidents/": "incident",
    "/drills/": "drill",
    "/watches/": "watch",
    "/channels/": "channel",
    "/deliveries/": "delivery",
    "/signers/": "signer",
    "/compromises/": "compromise",
    "/blocks/": "block",
    "/decisions/": "decision",
}
"""What `public_id` is of, by the path it is in; elsewhere of evidence."""
_KINDS = {
    "digest": "artifact",
    "before": "other",
    "after": "artifact",
    "purl": "package",
    "identifier": "advisory",
}
_FIXED = {"number": "1", "name": "lab", "key_id": "current"}
"""The first run of an incident; the root of trust and the key that the world has."""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_answer_is_as_documented():
    names = make_world().names["a"]
    key = new_key(*Scope.values, team="team-a").text
    document = schemathesis.openapi.from_dict(openapi_document())
    document.app = application
    failures: dict[str, str] = {}

    for operation in _operations(document):
        for mode in GenerationMode:
            for failure in _ask(operation, mode, names=names, key=key):
                failures[f"{operation.label} {type(failure).__name__} {failure.title}"] = str(failure)

    assert not failures, "\n\n".join(f"{place}\n{text}" for place, text in failures.items())
    assert ASKED.total() > len(ASKED) * EXAMPLES


def _operations(document: Any) -> Iterator[Any]:
    for result in document.get_all_operations():
        yield result.ok()


def _ask(operation: Any, mode: GenerationMode, *, names: Names, key: str) -> list[Failure]:
    found: list[Failure] = []

    @seed(20261126)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def ask(case: Any, is_known: bool) -> None:
        if is_known:
            path = operation.path
            case.path_parameters = {name: _known(name, names, path=path) for name in case.path_parameters or {}}
        ASKED[operation.label] += 1
        try:
            case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
        except FailureGroup as group:
            found.extend(group.exceptions)

    try:
        ask()
    except Unsatisfiable:  # a public question without a parameter, or with any text as its one: nothing can be wrong
        if mode is GenerationMode.POSITIVE:
            raise
    return found


def _known(name: str, names: Names, *, path: str) -> str:
    if name in _FIXED:
        return _FIXED[name]
    if name == "public_id":
        return names[next((kind for part, kind in _OBJECTS.items() if part in path), "evidence")]
    return names[_KINDS.get(name, name)]
