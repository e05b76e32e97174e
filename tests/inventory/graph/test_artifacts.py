"""The artifacts a team reaches, and what is said of one."""

from __future__ import annotations

import pytest
from django.db import connection

from inventory.formats.records import ArtifactKind
from inventory.graph import artifacts
from inventory.graph.artifact_detail import read_artifact
from inventory.graph.artifacts import ArtifactFilter, ArtifactNotFoundError, ArtifactRow, list_artifacts
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, image_index, later, member_of, report, submit
from tests.inventory.graph.test_base_images import config

pytestmark = pytest.mark.django_db

LODASH = "pkg:npm/lodash@4.17.21"
EXPRESS = "pkg:npm/express@4.18.2"


def rows(*, actor=SEES_ALL, text: str = "", running: bool | None = None) -> list[ArtifactRow]:
    wanted = ArtifactFilter(text=text, is_running=running)
    return list(list_artifacts(wanted, after=None, limit=100, actor=actor).rows)


def digests(*, actor=SEES_ALL, text: str = "", running: bool | None = None) -> list[str | None]:
    return [row.digest for row in rows(actor=actor, text=text, running=running)]


def test_artifacts_come_in_the_order_of_their_digests_and_named_ones_last():
    submit("a", cyclonedx(LODASH, name="tool"))
    submit("a", cyclonedx(LODASH, subject=digest("one")))
    submit("a", cyclonedx(LODASH, subject=digest("two")))

    assert digests() == [*sorted([digest("one"), digest("two")]), None]


def test_pages_follow_one_another_across_the_end_of_the_digests():
    for name in ("one", "two"):
        submit("a", cyclonedx(LODASH, subject=digest(name)))
        submit("a", cyclonedx(LODASH, name=f"tool-{name}"))

    seen, after = [], None
    while True:
        page = list_artifacts(ArtifactFilter(), after=after, limit=1, actor=SEES_ALL)
        seen += [row.digest or row.names[0] for row in page.rows]
        after = page.next
        if after is None:
            break

    assert seen == [*sorted([digest("one"), digest("two")]), "tool-one", "tool-two"]


def test_a_row_counts_sboms_components_and_workloads():
    submit("a", cyclonedx(LODASH, EXPRESS, subject=digest("app")))
    submit("a", cyclonedx(LODASH, subject=digest("app"), tool="trivy"), at=later(1))
    report("a", deployment(digest=digest("app"), image="registry.example/shop:1.0"))
    report("a", deployment(digest=digest("app"), workload="Deployment/worker"))

    (row,) = rows()

    assert (row.sbom_count, row.component_count, row.workload_count, row.is_running) == (2, 1, 2, True)
    assert row.names == ("registry.example/shop:1.0",)


def test_what_runs_without_any_sbom_is_listed():
    report("a", deployment(digest=digest("dark"), image="registry.example/dark:1"))

    (row,) = rows()

    assert (row.digest, row.sbom_count, row.component_count, row.is_running) == (digest("dark"), 0, None, True)


def test_the_running_filter_parts_what_runs_from_what_does_not():
    submit("a", cyclonedx(LODASH, subject=digest("idle")))
    report("a", deployment(digest=digest("live")))

    assert digests(running=True) == [digest("live")]
    assert digests(running=False) == [digest("idle")]


def test_what_ended_does_not_run():
    report("a", deployment(digest=digest("app")))
    report("a", deployment(digest=digest("app"), status="ended"), at=later(5))

    assert digests(running=True) == []


def test_a_member_runs_where_its_index_was_reported():
    member = digest("arm")
    index = submit("a", image_index(member, architectures=["arm64"]))
    submit("a", cyclonedx(LODASH, subject=member))
    report("a", deployment(digest=index.blob_id, node_arch="arm64"))

    assert member in digests(running=True)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("SHOP", True),
        ("shop:1", True),
        ("shop:2", False),
        ("registry.example/shop", True),
        (digest("app")[:20], True),
        (digest("app").upper(), True),
        (digest("app")[7:19], True),
        ("sh%p", False),
        ("s_op", False),
    ],
)
def test_a_text_is_looked_for_in_names_and_digests(text, is_found):
    submit("a", cyclonedx(LODASH, subject=digest("app"), name="registry.example/shop:1.0"))

    assert (digests(text=text) == [digest("app")]) is is_found


@pytest.mark.parametrize("text", ["e", "shop", "shop:1", "sha256:", digest("app")[7:19], "nothing"])
def test_what_finds_much_is_answered_along_the_list_with_the_same_rows(monkeypatch, text):
    submit("a", cyclonedx(LODASH, subject=digest("app"), name="registry.example/shop:1.0"))
    submit("a", cyclonedx(LODASH, name="Shoplist"))
    submit("b", cyclonedx(LODASH, subject=digest("other"), name="registry.example/shop:1.1"))
    report("a", deployment(digest=digest("app")), deployment(digest=digest("dark"), workload="Deployment/dark"))
    asked = [(actor, running) for actor in (SEES_ALL, member_of("a")) for running in (None, True, False)]

    few = [rows(actor=actor, text=text, running=running) for actor, running in asked]
    monkeypatch.setattr(artifacts, "MAX_GATHERED", 1)

    assert [rows(actor=actor, text=text, running=running) for actor, running in asked] == few
    assert any(few) is (text != "nothing")


def test_a_page_looks_up_what_it_shows_and_reads_no_edges_of_others():
    submit("a", cyclonedx(LODASH, subject=digest("app")))
    parameters = {"after": "", "label_name": "", "label_version": "", "teams": None, "limit": 51}

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {artifacts.statement(ArtifactFilter(), actor=SEES_ALL)}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "SubPlan" in plan
    assert "hashed SubPlan" not in plan


def test_a_text_finds_what_only_has_a_label():
    submit("a", cyclonedx(LODASH, name="Ledger"))

    (row,) = rows(text="ledg")

    assert (row.digest, row.kind, row.names) == (None, ArtifactKind.NAMED, ("Ledger",))


@pytest.mark.parametrize("edge", ["sbom", "run", "layers", "index", "member"])
def test_each_own_edge_makes_an_artifact_visible_and_no_other_does(edge):
    index = image_index(digest("member"))
    if edge == "sbom":
        submit("a", cyclonedx(LODASH, subject=digest("x")))
    elif edge == "run":
        report("a", deployment(digest=digest("x")))
    elif edge == "layers":
        submit("a", config(digest("layer")))
    else:
        submit("a", index)

    found = digests(actor=member_of("a"))

    assert found == digests()
    assert len(found) == (2 if edge in {"index", "member"} else 1)
    assert digests(actor=member_of("b")) == []


def test_another_teams_name_sbom_and_run_change_nothing_of_a_row():
    submit("b", cyclonedx(LODASH, subject=digest("app"), name="registry.example/b:1"))
    before = rows(actor=member_of("b"))
    submit("a", cyclonedx(EXPRESS, subject=digest("app"), name="registry.example/a:1"))
    report("a", deployment(digest=digest("app"), cluster="a-cluster"))

    assert rows(actor=member_of("b")) == before
    assert digests(actor=member_of("b"), text="example/a") == []


def test_the_detail_tells_the_family_by_own_evidence():
    member = digest("amd")
    index = submit("a", image_index(member))
    submit("a", cyclonedx(LODASH, subject=member))

    of_index = read_artifact(index.blob_id, actor=member_of("a"))
    of_member = read_artifact(member, actor=member_of("a"))

    assert of_index.kind is ArtifactKind.OCI_INDEX
    assert [(row.digest, row.architecture, row.evidence) for row in of_index.members] == [
        (member, "amd64", index.public_id)
    ]
    assert of_member.kind is ArtifactKind.OCI_MANIFEST
    assert [row.digest for row in of_member.member_of] == [index.blob_id]


def test_the_detail_lists_sboms_newest_first_with_their_quality():
    first = submit("a", cyclonedx(LODASH, EXPRESS, subject=digest("app")))
    second = submit("a", cyclonedx(LODASH, subject=digest("app"), tool="homegrown"), at=later(1))

    detail = read_artifact(digest("app"), actor=SEES_ALL)

    assert [(row.evidence, row.is_complete) for row in detail.sboms] == [
        (second.public_id, False),
        (first.public_id, True),
    ]
    assert (detail.sbom_count, detail.component_count) == (2, 2)


def test_the_detail_counts_where_it_runs():
    report("a", deployment(digest=digest("app")))
    report("a", deployment(digest=digest("app"), namespace="other"))
    report("a", deployment(digest=digest("app"), cluster="prod-us"))

    detail = read_artifact(digest("app"), actor=SEES_ALL)

    assert (detail.workload_count, detail.namespace_count, detail.cluster_count) == (3, 3, 2)


@pytest.mark.parametrize("known", [True, False])
def test_a_foreign_artifact_and_a_missing_one_are_the_same_error(known):
    if known:
        submit("a", cyclonedx(LODASH, subject=digest("app")))

    with pytest.raises(ArtifactNotFoundError):
        read_artifact(digest("app"), actor=member_of("b"))


def test_statements_do_not_grow_with_the_page(django_assert_num_queries):
    for number in range(12):
        submit("a", cyclonedx(LODASH, subject=digest(str(number)), name=f"registry.example/{number}:1"))

    with django_assert_num_queries(4):
        rows()
    with django_assert_num_queries(6):
        read_artifact(digest("1"), actor=SEES_ALL)
