"""The union of SBOMs that came in every way: as documents of three formats, and inside attestations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inventory.graph.merged import Merged, merge_sboms
from tests.attested import CYCLONEDX, dsse, encode, statement
from tests.factories import SEES_ALL, cyclonedx, digest, submit

pytestmark = pytest.mark.django_db

APP = digest("app")
A, B, C = "pkg:npm/a@1", "pkg:npm/b@2", "pkg:npm/c@3"
HASHED = {"name": "tool.so", "version": "1", "bom-ref": "tool", "hashes": [{"alg": "SHA-256", "content": "a" * 64}]}
DATA = Path(__file__).parents[3] / "data"


def merged() -> Merged:
    return merge_sboms(APP, actor=SEES_ALL)


def attest(*sboms: bytes) -> None:
    lines = [encode(dsse(statement(APP, predicate_type=CYCLONEDX, predicate=json.loads(sbom)))) for sbom in sboms]
    submit("a", b"\n".join(lines))


def edges(found: Merged) -> set[tuple[str, str]]:
    return {(source, target) for source, targets in found.edges.items() for target in targets}


def test_an_sbom_inside_an_attestation_gives_its_edges_types_and_hashes():
    attest(cyclonedx(A, HASHED, dependencies={"root": [A], A: ["tool"]}))

    found = merged()

    [tool] = [part for part in found.parts if part.name == "tool.so"]
    assert edges(found) == {("", A), (A, tool.identity)}
    assert {hash_.algorithm for hash_ in tool.hashes} == {"sha256"}
    assert found.read_count == 1


def test_of_several_sboms_in_one_document_each_gives_its_own():
    attest(
        cyclonedx(A, B, dependencies={"root": [A], A: [B]}),
        cyclonedx(C, tool="trivy", dependencies={"root": [C]}),
    )

    found = merged()

    assert edges(found) == {("", A), (A, B), ("", C)}
    assert (found.read_count, len(found.documents), len(found.evidence)) == (2, 2, 1)
    assert [document.format for document in found.documents] == ["cyclonedx 1.6 in dsse"] * 2
    assert [document.producer for document in found.documents] == ["syft", "trivy"]


def test_one_that_is_incomplete_by_its_own_word_makes_the_union_incomplete():
    partial = json.loads(cyclonedx(A))
    partial["compositions"] = [{"aggregate": "incomplete", "assemblies": ["root"]}]
    attest(json.dumps(partial).encode())

    assert merged().completeness.value == "incomplete"


def test_cyclonedx_spdx_syft_and_an_attestation_make_one_union():
    submit("a", cyclonedx(A, B, subject=APP, dependencies={"root": [A], A: [B]}))
    for path in ("spdx/syft-image.json", "syft/image.json"):
        submit("a", (DATA / path).read_bytes(), artifacts=[APP])
    attest(cyclonedx(C, tool="trivy", dependencies={"root": [C]}))

    found = merged()

    assert found.read_count == len(found.documents) == 4
    assert {("", A), (A, B), ("", C)} <= edges(found)
    assert {"a", "b", "c"} <= {part.name for part in found.parts}
