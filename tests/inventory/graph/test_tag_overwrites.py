"""Release tags that were seen at two images: in registries' events, deployments, and named indexes."""

from __future__ import annotations

import json

import pytest

from inventory.graph.tag_overwrites import Certainty, Overwrite, list_overwrites
from inventory.models import Artifact, Evidence, IndexMember
from supplychain.access.actors import Actor
from tests.attested import encode
from tests.factories import (
    SEES_ALL,
    cyclonedx,
    deployment,
    digest,
    digest_of,
    image_index,
    later,
    member_of,
    report,
    submit,
)
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

OLD, NEW, ARM64 = (digest(name) for name in ("old", "new", "arm64"))
SHOP = "registry.example/shop"


def overwrites(*, actor: Actor = SEES_ALL, repository: str = "") -> list[Overwrite]:
    return list(list_overwrites(repository=repository, after=None, limit=50, actor=actor).rows)


def ran(of: str, *, tag: str = "1.0.0", team: str = "shop", minute: int = 0, workload: str = "Deployment/api") -> None:
    cluster = "prod-eu" if team == "shop" else "theirs"
    report(team, deployment(digest=of, image=f"{SHOP}:{tag}", workload=workload, cluster=cluster), at=later(minute))


def pushed(of: str, *, tag: str = "1.0.0", minute: int = 0) -> None:
    target = {"digest": of, "tag": tag, "repository": "shop", "url": "https://registry.example/v2/"}
    event = {"id": str(minute), "action": "push", "timestamp": f"2026-03-01T11:{minute:02}:00Z", "target": target}
    submit("shop", encode({"events": [event]}))


def test_a_release_tag_at_two_images_is_told_with_both_in_the_order_they_were_seen():
    pushed(OLD, minute=1)
    ran(NEW, minute=5)
    (found,) = overwrites()

    assert (found.repository, found.tag, found.certainty) == (SHOP, "1.0.0", Certainty.OVERWRITTEN)
    assert [(one.digest, one.sources) for one in found.sightings] == [(OLD, ["registry"]), (NEW, ["deployment"])]
    assert found.sightings[1].first_seen_at == later(5)
    assert found.comparisons == [(OLD, NEW)]
    assert None not in {one.evidence for one in found.sightings}


@pytest.mark.parametrize("tag", ["latest", "main", "stable", "pr-12", "2026"])
def test_a_tag_that_is_meant_to_move_is_no_finding(tag):
    ran(OLD, tag=tag)
    ran(NEW, tag=tag, minute=5)

    assert overwrites() == []


def test_the_pattern_of_release_tags_is_a_setting(settings):
    settings.RELEASE_TAG_PATTERN = r"release-\d+"
    ran(OLD, tag="release-7")
    ran(NEW, tag="release-7", minute=5)

    assert [one.tag for one in overwrites()] == ["release-7"]


def test_one_image_seen_again_and_again_is_no_finding():
    pushed(OLD, minute=1)
    ran(OLD)
    ran(OLD, workload="Deployment/second", minute=5)

    assert overwrites() == []


def test_an_index_its_members_and_their_siblings_are_one_image():
    index = image_index(OLD, ARM64)
    submit("shop", index)
    pushed(digest_of(index), minute=1)
    ran(OLD)
    ran(ARM64, workload="Deployment/second")

    assert overwrites() == []


def test_a_membership_that_is_only_claimed_does_not_hide_an_overwrite():
    pushed(OLD, minute=1)
    ran(NEW, minute=5)
    IndexMember.objects.create(
        team_id=Evidence.objects.earliest("pk").team_id,
        index=Artifact.objects.get(digest=OLD),
        member=Artifact.objects.get(digest=NEW),
        evidence=Evidence.objects.earliest("pk"),
    )

    assert [one.certainty for one in overwrites()] == [Certainty.POSSIBLE]


def test_an_index_is_seen_under_the_name_it_was_sent_with_and_an_sbom_is_no_sighting():
    first, second = image_index(OLD), image_index(NEW)
    submit("shop", first, name=f"{SHOP}:1.0.0")
    submit("shop", cyclonedx("pkg:npm/a@1", subject=ARM64, name=f"{SHOP}:1.0.0"))

    assert overwrites() == []

    submit("shop", second, name=f"{SHOP}:1.0.0")
    (found,) = overwrites()

    assert {one.digest for one in found.sightings} == {digest_of(first), digest_of(second)}
    assert found.sightings[0].sources == ["document"]


def test_another_teams_sightings_are_not_counted():
    ran(OLD)
    ran(NEW, team="other", minute=5)

    assert len(overwrites()) == 1
    assert overwrites(actor=member_of("shop")) == overwrites(actor=member_of("other")) == []


def test_a_repository_narrows_the_list_and_pages_follow_one_another():
    for tag in ("1.0.0", "1.0.1", "1.0.2"):
        ran(OLD, tag=tag, workload=f"Deployment/{tag}")
        ran(NEW, tag=tag, workload=f"Deployment/{tag}", minute=5)
    first = list_overwrites(repository=SHOP, after=None, limit=2, actor=SEES_ALL)
    second = list_overwrites(repository=SHOP, after=first.next, limit=2, actor=SEES_ALL)

    assert [one.tag for one in (*first.rows, *second.rows)] == ["1.0.0", "1.0.1", "1.0.2"]
    assert second.next is None
    assert overwrites(repository="registry.example/other") == []


def test_the_statements_do_not_grow_with_the_tags(django_assert_num_queries):
    ran(OLD)
    ran(NEW, minute=5)
    with django_assert_num_queries(2):
        overwrites()


def test_the_api_and_the_page_show_both_digests_and_lead_to_the_difference():
    pushed(OLD, minute=1)
    ran(NEW, minute=5)
    told = json.loads(client_of(new_key("inventory:read", team="shop")).get("/api/v1/tags/overwrites").content)

    assert told["results"][0]["comparisons"] == [
        {"before": OLD, "after": NEW, "url": f"/api/v1/artifacts/{OLD}/diff/{NEW}"}
    ]
    html = signed_in(make_user("alice", team="shop")).get("/tags/overwrites").content.decode()
    assert f"/artifacts/{OLD}/diff?with={NEW}" in html
