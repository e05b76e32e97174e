"""What a 202 says is what its published schema says, though it is written without a serializer."""

from __future__ import annotations

import json

import pytest
from rest_framework.renderers import JSONRenderer

from inventory.api.evidence import AcceptedSerializer, accepted
from inventory.models import Evidence
from tests.factories import cyclonedx, store

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_read", [False, True])
def test_an_answer_is_what_the_serializer_makes_of_the_row(is_read: bool) -> None:
    evidence = store("a", cyclonedx("pkg:npm/p@1"))
    if is_read:  # as for a repeat
        evidence = Evidence.objects.get(pk=evidence.pk)

    assert json.loads(JSONRenderer().render(accepted(evidence))) == json.loads(
        JSONRenderer().render(AcceptedSerializer(evidence).data)
    )
