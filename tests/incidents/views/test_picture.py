"""The picture of the blast radius: what is joined with what, bounded, and the same as its table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from incidents.impact.answer import NO_PROVENANCE, ArtifactShown, Effect, Match, Row, Status, WorkloadShown
from incidents.response.reach import ENDS_SHOWN, NO_SERVICE, reach_of
from incidents.views.picture import Picture, draw
from tests.factories import digest

AT = datetime(2026, 3, 1, tzinfo=UTC)
BAD = "pkg:npm/lodash@4.17.20"


def row(name: str, *places: tuple[str | None, str], status: Status = Status.AFFECTED, purl: str = BAD) -> Row:
    match = Match(0, purl, None, None, None, None, "high", "it is there")
    workloads = tuple(
        WorkloadShown(cluster, "production", "ns", "Deployment", name, "app", service, "team", AT, AT, None)
        for service, cluster in places
    )
    artifact = ArtifactShown(digest(name), (f"registry.example/{name}:1",), "oci_manifest")
    return Row(artifact, status, Effect.RUNTIME, bool(places), (match,), (), NO_PROVENANCE, workloads, (), "high")


def drawn(rows: Sequence[Row], *, artifact_count: int) -> Picture | None:
    return draw(reach_of(rows), artifact_count=artifact_count)


def test_it_joins_component_artifact_service_and_cluster():
    picture = drawn([row("shop", ("checkout", "eu"), ("checkout", "us"))], artifact_count=1)

    assert picture is not None
    assert [[node.full for node in column.nodes] for column in picture.columns] == [
        ["npm/lodash@4.17.20"], ["registry.example/shop:1"], ["checkout"], ["eu", "us"],
    ]  # fmt: skip
    assert len(picture.links) == 4
    assert picture.description == "1 component in 1 artifact, running as 1 service in 2 clusters."
    assert [(one.service, one.cluster, one.container_count) for one in picture.reaches] == [
        ("checkout", "eu", 1),
        ("checkout", "us", 1),
    ]


def test_a_container_counts_once_however_many_components_it_holds():
    shop = row("shop", ("checkout", "eu"))
    match = Match(1, "pkg:npm/express@4.0.0", None, None, None, None, "high", "it is there")

    picture = drawn([msgspec.structs.replace(shop, matches=(*shop.matches, match))], artifact_count=1)

    assert picture is not None
    assert [column.nodes[0].detail for column in picture.columns[2:]] == ["1 container", "1 container"]


def test_what_runs_nowhere_ends_at_the_artifact_and_no_service_is_said():
    picture = drawn([row("idle"), row("shop", (None, "eu"))], artifact_count=2)

    assert picture is not None
    assert [node.full for node in picture.columns[2].nodes] == [NO_SERVICE]
    assert len(picture.links) == 4
    assert [one.container_count for one in picture.reaches if one.artifact == "registry.example/idle:1"] == [0]


def test_what_runs_nowhere_is_not_counted_as_services_and_clusters():
    picture = drawn([row("idle")], artifact_count=1)

    assert picture is not None
    assert picture.description == "1 component in 1 artifact, of which none is known to run."


def test_a_long_name_loses_whole_parts_from_its_beginning():
    picture = drawn([row("identity/login-page"), row("a-name-without-any-part-that-fits")], artifact_count=2)

    assert picture is not None
    labels = sorted(node.label for node in picture.columns[1].nodes)
    assert labels == ["…/identity/login-page:1", "…hout-any-part-that-fits:1"]


def test_it_is_bounded_and_says_what_it_leaves_out():
    rows = [row(f"app-{number:03}", (f"service-{number}", "eu")) for number in range(40)]

    picture = drawn(rows, artifact_count=5_000)

    assert picture is not None
    assert [len(column.nodes) for column in picture.columns] == [1, ENDS_SHOWN, ENDS_SHOWN, 1]
    assert picture.columns[1].nodes[-1].label == "33 more artifacts"
    assert "4,960 more artifacts of the answer are not drawn." in picture.description
    assert len(picture.links) <= 3 * ENDS_SHOWN**2


def test_what_is_affected_comes_before_what_is_possible_however_wide():
    wide = row("wide", *((f"service-{number}", "eu") for number in range(9)), status=Status.POSSIBLE)

    picture = drawn([wide, row("sure", ("checkout", "eu"))], artifact_count=2)

    assert picture is not None
    assert [node.tone for node in picture.columns[1].nodes] == ["affected", "possible"]


def test_an_answer_without_a_match_has_no_picture():
    assert drawn([row("gone", status=Status.CLEARED)], artifact_count=0) is None
