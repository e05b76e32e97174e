"""Which images an artifact was built on, by provenance, labels and layers."""

from __future__ import annotations

import pytest

from inventory.graph.artifacts import ArtifactNotFoundError
from inventory.graph.base_images import BaseImage, BaseMethod, list_base_images
from inventory.models import Attestation
from inventory.models.verification import Verdict
from supplychain.access.actors import Actor
from tests.attested import bundle, encode, statement
from tests.factories import SEES_ALL, digest, digest_of, member_of, submit
from tests.judgements import judge
from tests.supplychain.actors import client_of, make_user, new_key, signed_in

pytestmark = pytest.mark.django_db

IMAGE, BASE = digest("image"), f"sha256:{'a' * 64}"
LAYERS = [digest(f"layer {number}") for number in range(4)]


def bases(of: str = IMAGE, *, actor: Actor = SEES_ALL) -> list[BaseImage]:
    return list_base_images(of, actor=actor)


def config(*diff_ids: str, **labels: str) -> bytes:
    named = {f"org.opencontainers.image.base.{name}": value for name, value in labels.items()}
    return encode(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": named},
            "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
        }
    )


def test_an_input_of_the_build_is_a_base_and_surer_when_its_provenance_is_verified():
    submit("shop", encode(bundle(statement(IMAGE))))

    assert [(one.digest, one.method, one.confidence) for one in bases()] == [(BASE, BaseMethod.PROVENANCE, "medium")]
    assert bases()[0].name == "pkg:docker/alpine@3.20"

    judge(Attestation.objects.get(), Verdict.VERIFIED_EXPECTED)

    assert bases()[0].confidence == "high"


def test_a_label_names_a_base_with_medium_confidence():
    image = config(digest="sha256:" + "b" * 64, name="docker.io/library/alpine:3.20")
    submit("shop", image)
    (found,) = bases(digest_of(image))

    assert (found.method, found.confidence, found.name) == (
        BaseMethod.ANNOTATION,
        "medium",
        "docker.io/library/alpine:3.20",
    )
    assert not found.is_known


def test_an_image_that_begins_with_all_layers_of_another_was_built_on_it():
    small, middle, large = config(LAYERS[0]), config(*LAYERS[:2]), config(*LAYERS[:3])
    beside = config(LAYERS[0], LAYERS[3])
    for one in (small, middle, large, beside):
        submit("shop", one, name="registry.example/shop:1")
    found = bases(digest_of(large))

    assert [(one.digest, one.confidence, one.layer_count) for one in found] == [
        (digest_of(middle), "high", 2),
        (digest_of(small), "low", 1),
    ]
    assert all(one.method is BaseMethod.LAYER_PREFIX and one.is_known for one in found)
    assert bases(digest_of(small)) == []


def test_layers_in_another_order_are_no_base():
    submit("shop", config(LAYERS[1], LAYERS[0]), name="registry.example/shop:1")
    image = config(*LAYERS[:3])
    submit("shop", image, name="registry.example/shop:2")

    assert bases(digest_of(image)) == []


def test_another_teams_image_is_no_base_to_who_may_not_see_it():
    base, image = config(*LAYERS[:2]), config(*LAYERS[:3])
    submit("other", base, name="registry.example/base:1")
    submit("shop", image, name="registry.example/shop:2")

    assert bases(digest_of(image), actor=member_of("shop")) == []
    assert len(bases(digest_of(image))) == 1
    with pytest.raises(ArtifactNotFoundError):
        bases(digest_of(image), actor=member_of("other"))


def test_one_artifact_costs_two_statements(django_assert_num_queries):
    submit("shop", encode(bundle(statement(IMAGE))))

    with django_assert_num_queries(2):
        bases()


def test_the_artifacts_page_and_api_show_them():
    submit("shop", encode(bundle(statement(IMAGE))))
    told = client_of(new_key("inventory:read", team="shop")).get(f"/api/v1/artifacts/{IMAGE}/bases").json()
    html = signed_in(make_user("alice", team="shop")).get(f"/artifacts/{IMAGE}").content.decode()

    assert [(one["digest"], one["method"], one["confidence"]) for one in told["results"]] == [
        (BASE, "provenance_dependency", "medium")
    ]
    assert BASE in html
