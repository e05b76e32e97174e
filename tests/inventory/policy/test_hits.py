from __future__ import annotations

from typing import Any

import pytest

from inventory.graph.base_images import EMPTY_LAYERS
from inventory.models import Attestation
from inventory.models.verification import Verdict
from inventory.policy.blocks import add_block
from inventory.policy.hits import Relation, find_hits, find_hits_of
from inventory.policy.models import BlockKind
from inventory.policy.selectors import read_selector
from supplychain.access.actors import actor_for_user
from tests.attested import REPOSITORY, bundle, encode, statement
from tests.factories import cyclonedx, digest, digest_of, image_index, image_manifest, submit
from tests.inventory.graph.test_base_images import LAYERS, config
from tests.judgements import judge
from tests.spdx_images import descends_from
from tests.supplychain.actors import AT, make_user

pytestmark = pytest.mark.django_db
BUILDER = f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main"


@pytest.fixture
def rita():
    return actor_for_user(make_user("rita", organisation="responder"))


def block(rita: Any, kind: BlockKind, **selector: Any) -> Any:
    return add_block(kind, selector, reason="INC-1", incident=None, actor=rita, at=AT)


def hits_of(name: str, **place: str) -> list[tuple[str, str]]:
    found = find_hits([name], at=AT, **place)[name]
    return [(hit.kind.value, hit.relation.value) for hit in found]


def test_a_blocked_digest_is_hit_whether_anybody_knows_it_or_not(rita):
    block(rita, BlockKind.ARTIFACT, digest=digest("bad"))

    assert hits_of(digest("bad")) == [("artifact", "same")]
    assert hits_of(digest("good")) == []


def test_nothing_is_hit_while_nothing_is_blocked(rita):
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("shop")))

    assert hits_of(digest("shop")) == []


def test_a_blocked_index_hits_its_members_and_not_the_other_way_to_siblings(rita):
    amd, arm = digest("amd"), digest("arm")
    index = image_index(amd, arm)
    submit("team-a", index)

    block(rita, BlockKind.ARTIFACT, digest=amd)

    assert hits_of(amd) == [("artifact", "same")]
    assert hits_of(digest_of(index)) == [("artifact", "platform")]
    assert hits_of(arm) == []

    block(rita, BlockKind.ARTIFACT, digest=digest_of(index))

    assert hits_of(arm) == [("artifact", "index")]


def test_what_an_spdx_document_says_an_image_descends_from_is_its_base(rita):
    submit("team-a", descends_from(digest("b"), digest("a")))
    submit("team-a", descends_from(digest("c"), digest("b")))
    block(rita, BlockKind.ARTIFACT, digest=digest("a"))

    assert [hits_of(digest(name)) for name in "abc"] == [
        [("artifact", "same")],
        [("artifact", "base")],
        [("artifact", "base")],
    ]


def test_an_image_that_begins_with_the_layers_of_a_blocked_one_is_built_on_it(rita):
    base, above, turned = config(*LAYERS[:2]), config(*LAYERS[:3]), config(LAYERS[1], LAYERS[0], LAYERS[2])
    submit("team-a", base)
    submit("team-b", above)
    submit("team-b", turned)
    block(rita, BlockKind.ARTIFACT, digest=digest_of(base))

    assert hits_of(digest_of(above)) == [("artifact", "base")]
    assert hits_of(digest_of(turned)) == []


@pytest.fixture
def layered() -> tuple[str, str]:
    """An image of another team that begins with the layers of a base, and nothing else tells; the index that lists it.

    The base is known by an SBOM and by provenance, the image by its layers alone.
    """
    base, above = config(*LAYERS[:2]), config(*LAYERS[:3])
    index = image_index(digest_of(above), digest("arm"))
    for document in (base, cyclonedx("pkg:npm/lodash@4.17.20", subject=digest_of(base))):
        submit("team-a", document)
    submit("team-a", encode(bundle(statement(digest_of(base)))))
    for document in (above, index):
        submit("team-b", document)
    return digest_of(above), digest_of(index)


@pytest.mark.parametrize(
    ("kind", "selector"),
    [
        (BlockKind.PACKAGE, {"purl": "pkg:npm/lodash", "range": "<4.17.21"}),
        (BlockKind.BUILDER, {"id": BUILDER}),
        (BlockKind.REPOSITORY, {"repository": REPOSITORY}),
    ],
)
def test_what_is_known_of_a_base_counts_for_who_begins_with_its_layers_and_for_the_index(rita, layered, kind, selector):
    block(rita, kind, **selector)

    assert [hits_of(name) for name in layered] == [[(kind.value, "base")]] * 2
    assert hits_of(digest("arm")) == []


def test_the_signer_of_a_base_known_by_layers_counts(rita, layered):
    attestation = Attestation.objects.get()
    judge(attestation, Verdict.VERIFIED_EXPECTED, key_fingerprint=f"sha256:{'7' * 64}")
    block(rita, BlockKind.SIGNER, key=f"sha256:{'7' * 64}")

    assert [hits_of(name) for name in layered] == [[("signer", "base")]] * 2


def test_an_sbom_of_the_image_itself_outweighs_that_of_a_base_known_by_layers(rita, layered):
    image, _ = layered
    submit("team-b", cyclonedx("pkg:npm/lodash@4.17.21", subject=image))
    block(rita, BlockKind.PACKAGE, purl="pkg:npm/lodash", range="<4.17.21")

    assert hits_of(image) == []


def test_layers_without_files_make_nothing_a_base(rita):
    empty, above = config(EMPTY_LAYERS[1]), config(EMPTY_LAYERS[1], LAYERS[0])
    submit("team-a", empty)
    submit("team-b", above)
    block(rita, BlockKind.ARTIFACT, digest=digest_of(empty))

    assert hits_of(digest_of(above)) == []


def test_a_config_and_its_manifest_are_one_image(rita):
    manifest = image_manifest(digest("config"))
    submit("team-a", manifest)
    block(rita, BlockKind.ARTIFACT, digest=digest_of(manifest))

    assert hits_of(digest("config")) == [("artifact", "same")]


@pytest.mark.parametrize(
    ("selector", "is_hit"),
    [
        ({"purl": "pkg:npm/lodash"}, True),
        ({"purl": "pkg:npm/lodash@4.17.20"}, True),
        ({"purl": "pkg:npm/lodash@4.17.21"}, False),
        ({"purl": "pkg:npm/lodash", "range": "<4.17.21"}, True),
        ({"purl": "pkg:npm/lodash", "range": "vers:npm/>=4.17.21"}, False),
        ({"purl": "pkg:npm/lodash", "versions": ["1.0.0", "4.17.20"]}, True),
        ({"purl": "pkg:pypi/lodash"}, False),
    ],
)
def test_a_package_is_hit_by_its_versions(rita, selector, is_hit):
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("shop")))

    block(rita, BlockKind.PACKAGE, **selector)

    assert hits_of(digest("shop")) == ([("package", "same")] if is_hit else [])


def test_a_version_that_nobody_can_compare_is_blocked_with_the_reason(rita):
    submit("team-a", cyclonedx("pkg:npm/lodash@workspace-dev", subject=digest("shop")))
    block(rita, BlockKind.PACKAGE, purl="pkg:npm/lodash", range="<4.17.21")

    (hit,) = find_hits([digest("shop")], at=AT)[digest("shop")]

    assert "cannot be compared" in hit.detail


def test_the_sbom_of_a_platform_hits_the_index_and_that_of_an_index_its_members(rita):
    amd, arm = digest("amd"), digest("arm")
    index = image_index(amd, arm)
    submit("team-a", index)
    submit("team-b", cyclonedx("pkg:npm/lodash@4.17.20", subject=amd))
    block(rita, BlockKind.PACKAGE, purl="pkg:npm/lodash")

    assert hits_of(digest_of(index)) == [("package", "platform")]
    assert hits_of(arm) == []

    submit("team-b", cyclonedx("pkg:npm/lodash@4.17.19", subject=digest_of(index), tool="trivy"))

    assert hits_of(arm) == [("package", "index")]


@pytest.mark.parametrize(
    ("kind", "selector", "place", "is_hit"),
    [
        (BlockKind.SERVICE, {"service": "shop"}, {"service": "shop"}, True),
        (BlockKind.SERVICE, {"service": "shop"}, {"service": "pay"}, False),
        (BlockKind.SERVICE, {"service": "shop"}, {}, False),
        (BlockKind.ENVIRONMENT, {"environment": "production"}, {"environment": "production"}, True),
        (BlockKind.CLUSTER, {"cluster": "eu"}, {"cluster": "eu", "namespace": "any"}, True),
        (BlockKind.CLUSTER, {"cluster": "eu", "namespace": "pay"}, {"cluster": "eu", "namespace": "pay"}, True),
        (BlockKind.CLUSTER, {"cluster": "eu", "namespace": "pay"}, {"cluster": "eu", "namespace": "shop"}, False),
        (BlockKind.CLUSTER, {"cluster": "eu", "namespace": "pay"}, {"cluster": "us", "namespace": "pay"}, False),
    ],
)
def test_a_freeze_hits_whatever_comes_to_its_place(rita, kind, selector, place, is_hit):
    block(rita, kind, **selector)

    assert hits_of(digest("shop"), **place) == ([(kind.value, Relation.PLACE.value)] if is_hit else [])


def test_a_proposed_block_hits_what_it_would_hit_once_it_is_set(rita):
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("shop")))
    selector = read_selector(BlockKind.PACKAGE, {"purl": "pkg:npm/lodash", "range": "<5"})

    found = find_hits_of(selector, [digest("shop"), digest("other")], at=AT)

    assert [len(hits) for hits in found.values()] == [1, 0]
    assert hits_of(digest("shop")) == []


def test_hits_of_many_digests_cost_one_statement(rita, django_assert_num_queries):
    block(rita, BlockKind.PACKAGE, purl="pkg:npm/lodash")
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=digest("shop")))

    with django_assert_num_queries(1):
        find_hits([digest("shop"), *(digest(str(number)) for number in range(50))], at=AT)
