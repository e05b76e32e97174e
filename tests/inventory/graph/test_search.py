"""One box for everything."""

from __future__ import annotations

import pytest

from inventory.graph.advisories import AdvisoryRow
from inventory.graph.artifacts import ArtifactRow
from inventory.graph.packages import PackageRow
from inventory.graph.search import Hit, HitKind, ImageHit, VersionHit, WorkloadHit, search
from tests.factories import SEES_ALL, advisory, cyclonedx, deployment, digest, member_of, report, submit

pytestmark = pytest.mark.django_db

LODASH = "pkg:npm/lodash@4.17.21"


def hits(text: str, *, actor=SEES_ALL) -> dict[HitKind, list[str | None]]:
    found = search(text, limit=10, actor=actor)
    return {part.kind: [title(hit) for hit in part.hits] for part in found if part.hits}


def title(hit: Hit) -> str | None:
    match hit:
        case VersionHit():
            return hit.purl
        case AdvisoryRow():
            return hit.identifier
        case ArtifactRow():
            return hit.digest
        case PackageRow() | ImageHit() | WorkloadHit():
            return hit.name


def estate(team: str = "a") -> None:
    submit(team, cyclonedx(LODASH, subject=digest("app"), name="registry.example/shop/api:1.0"))
    report(
        team, deployment(digest=digest("app"), image="registry.example/shop/api:1.0", workload="Deployment/api-server")
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LODASH, {HitKind.VERSION: [LODASH], HitKind.PACKAGE: ["lodash"]}),
        ("lodash@4.17.21", {HitKind.VERSION: [LODASH], HitKind.PACKAGE: ["lodash"]}),
        ("lodash:4.17.21", {HitKind.VERSION: [LODASH]}),
        ("lodash", {HitKind.PACKAGE: ["lodash"]}),
        (digest("app"), {HitKind.ARTIFACT: [digest("app")]}),
        (digest("app")[:30], {HitKind.ARTIFACT: [digest("app")]}),
        (f"registry.example/shop/api@{digest('app')}", {HitKind.ARTIFACT: [digest("app")]}),
        ("shop/api", {HitKind.ARTIFACT: [digest("app")], HitKind.IMAGE: ["registry.example/shop/api"]}),
        ("api-server", {HitKind.WORKLOAD: ["api-server"]}),
        ("prod-eu", {HitKind.WORKLOAD: ["api-server"]}),
        ("x", {}),
        ("%%", {}),
    ],
)
def test_what_was_typed_is_found_in_its_kind(text, found):
    estate()

    assert hits(text) == found


def test_an_image_that_only_runs_by_tag_is_found():
    report("a", deployment(image="registry.example/legacy:latest"))

    assert hits("legacy") == {HitKind.IMAGE: ["registry.example/legacy"]}


@pytest.mark.parametrize("text", [LODASH, "lodash", digest("app"), "shop/api", "api-server", "prod-eu"])
def test_a_stranger_finds_nothing(text):
    estate()

    assert hits(text, actor=member_of("b")) == {}


def test_more_than_the_limit_is_said():
    submit("a", cyclonedx(*(f"pkg:npm/pk{number}@1" for number in range(4)), subject=digest("app")))

    found = {part.kind: part for part in search("pk", limit=3, actor=SEES_ALL)}

    assert (len(found[HitKind.PACKAGE].hits), found[HitKind.PACKAGE].has_more) == (3, True)
    assert not found[HitKind.ARTIFACT].has_more


def test_ten_statements_at_most(django_assert_max_num_queries):
    estate()

    with django_assert_max_num_queries(10):
        search("shop/api@1.0", limit=10, actor=SEES_ALL)


def test_an_advisory_is_found_by_the_beginning_of_its_id_and_by_another_name():
    submit("a", advisory("GHSA-aaaa-bbbb-cccc", name="left-pad", aliases=["CVE-2026-1234"]))
    submit("b", advisory("GHSA-aaaa-dddd-eeee", name="left-pad"))

    mine = member_of("a")
    assert hits("ghsa-aaaa", actor=mine) == {HitKind.ADVISORY: ["GHSA-aaaa-bbbb-cccc"]}
    assert hits("cve-2026-1234", actor=mine) == {HitKind.ADVISORY: ["GHSA-aaaa-bbbb-cccc"]}
    assert hits("CVE-2026-12", actor=mine) == {}


def test_a_list_is_found_by_its_name():
    submit("a", b"left-pad@1.3.0\n", declared_kind="list", name="wiz", version="1")

    assert hits("list:wiz")[HitKind.ADVISORY] == ["list:wiz"]
