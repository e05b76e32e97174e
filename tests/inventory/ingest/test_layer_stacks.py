"""Which stacks of layers are whole images and beginnings of others, kept by a trigger on the layers."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from django.db import connection, transaction

from inventory.models import Artifact, Evidence, ImageLayer, LayerStack
from tests.factories import cyclonedx, digest, submit
from tests.inventory.graph.test_base_images import LAYERS, config

pytestmark = pytest.mark.django_db(transaction=True)


def stacks() -> list[tuple[bool, bool]]:
    return sorted(LayerStack.objects.values_list("is_whole", "has_above"))


def add_layer(of: Artifact, *, chain: bytes, is_last: bool) -> None:
    evidence = Evidence.objects.get()
    ImageLayer.objects.create(
        team_id=evidence.team_id,
        artifact=of,
        position=0,
        digest=LAYERS[0],
        is_diff_id=True,
        chain=chain,
        is_last=is_last,
        evidence=evidence,
    )


def test_a_stack_is_a_base_once_an_image_and_one_with_more_layers_are_known_in_either_order():
    submit("shop", config(*LAYERS[:2]))
    assert stacks() == [(False, True), (True, False)]

    submit("other", config(LAYERS[0]))
    submit("shop", config(*LAYERS[:3]))

    assert stacks() == [(True, False), (True, True), (True, True)]


def test_the_same_again_changes_nothing():
    for team in ("shop", "other"):
        submit(team, config(*LAYERS[:2]))

    assert stacks() == [(False, True), (True, False)]


def test_two_documents_at_once_the_image_and_what_was_built_on_it_make_a_base():
    submit("shop", cyclonedx("pkg:npm/a@1", subject=digest("a")))
    below, above = (Artifact.objects.create(digest=digest(name)) for name in ("below", "above"))
    begun, written = Event(), Event()

    def beside() -> None:
        begun.set()
        add_layer(above, chain=b"one", is_last=False)
        written.set()
        connection.close()

    other = Thread(target=beside)
    with transaction.atomic():
        add_layer(below, chain=b"one", is_last=True)
        other.start()
        begun.wait()
        assert not written.wait(0.5), "it must wait for the first one's row"
    other.join()

    assert stacks() == [(True, True)]
