"""Of a document with several SBOMs each is found, with what it says of itself and the tree of its own."""

from __future__ import annotations

import json

import pytest

from inventory.formats.records import ROOT
from inventory.graph.artifact_detail import read_artifact
from inventory.graph.document_tree import DocumentTree, PlaceNotFoundError
from inventory.graph.outline import Way
from inventory.graph.sboms_inside import SbomInside, pick, sboms_of
from inventory.models import Evidence, EvidenceState
from tests.attested import CYCLONEDX, dsse, encode, statement
from tests.factories import SEES_ALL, cyclonedx, digest, image_index, submit

pytestmark = pytest.mark.django_db

APP, WEB = digest("app"), digest("web")
A, B = "pkg:npm/a@1", "pkg:npm/b@1"


def attested(*lines: tuple[str, bytes]) -> Evidence:
    """Send SBOMs, each in an envelope of its own, as lines of one document; behind them provenance."""
    made = [
        encode(dsse(statement(about, predicate_type=CYCLONEDX, predicate=json.loads(sbom)))) for about, sbom in lines
    ]
    sent = submit("a", b"\n".join([*made, encode(dsse(statement(APP)))]))
    return Evidence.objects.select_related("state").get(pk=sent.pk)


def names(sbom: SbomInside) -> list[str]:
    level = DocumentTree(sbom.snapshot).level(ROOT, way=Way.WRITTEN, after=ROOT, limit=50)
    return [node.name for node in level.rows]


def test_each_sbom_has_its_own_tree_and_says_what_it_is_about():
    sboms = sboms_of(attested((APP, cyclonedx(A)), (WEB, cyclonedx(B, tool="trivy"))))

    assert [names(one) for one in sboms] == [["a"], ["b"]]
    assert [one.said["producer"] for one in sboms] == ["syft", "trivy"]
    assert [one.said["subjects"][0]["digest"] for one in sboms] == [APP, WEB]
    assert [one.number for one in sboms] == [1, 2]


def test_a_place_is_of_the_sbom_that_it_stands_in():
    sboms = sboms_of(attested((APP, cyclonedx(A)), (WEB, cyclonedx(B))))

    found = pick(sboms, part=None, pointer="/1/payload/predicate/components/0")

    assert names(found) == ["b"]
    assert pick(sboms, part=None, pointer="").number == 1
    assert pick(sboms, part=1, pointer="").number == 2


@pytest.mark.parametrize("part", [None, 0, 7])
def test_a_document_without_sbom_has_none_to_pick(part: int | None):
    with pytest.raises(PlaceNotFoundError):
        pick(sboms_of(submit("a", image_index(APP))), part=part, pointer="")


def test_a_number_that_no_sbom_has_is_not_found():
    with pytest.raises(PlaceNotFoundError):
        pick(sboms_of(attested((APP, cyclonedx(A)))), part=1, pointer="")


def test_an_sbom_that_is_the_document_says_what_the_document_says():
    [only] = sboms_of(Evidence.objects.select_related("state").get(pk=submit("a", cyclonedx(A, subject=APP)).pk))

    assert only.said["producer"] == "syft"


def test_what_an_older_version_applied_says_nothing_and_still_has_its_trees():
    sent = attested((APP, cyclonedx(A)), (WEB, cyclonedx(B)))
    EvidenceState.objects.filter(pk=sent.pk).update(understood={})

    sboms = sboms_of(Evidence.objects.select_related("state").get(pk=sent.pk))

    assert [one.said for one in sboms] == [{}, {}]
    assert names(pick(sboms, part=None, pointer="/1/payload/predicate/components/0")) == ["b"]


def test_all_sboms_cost_one_statement(django_assert_num_queries):
    sent = attested((APP, cyclonedx(A)), (WEB, cyclonedx(B)))

    with django_assert_num_queries(1):
        assert len(sboms_of(sent)) == 2


def test_an_artifact_lists_the_sbom_inside_an_envelope_by_its_own_format():
    attested((APP, cyclonedx(A)))

    [row] = read_artifact(APP, actor=SEES_ALL).sboms

    assert (row.format, row.format_version) == ("cyclonedx", "1.6")
