"""What an answer was made of is gone when it is written, without a search for garbage."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from inventory.formats.collector import collector_paused
from supplychain.api.released import released


class Rows(list[int]):
    """Rows that can be watched."""


def ask(*, release: bool) -> tuple[bytes, bool]:
    """Return what is answered, and whether its rows are still there."""
    kept: list[weakref.ref[Rows]] = []

    class View(APIView):
        authentication_classes = []
        permission_classes = []
        renderer_classes = [JSONRenderer]

        def get(self, _request: Request) -> Response:
            rows = Rows([1, 2])
            kept.append(weakref.ref(rows))
            response = Response({"rows": rows})
            return released(response) if release else response

    with collector_paused():
        response = View.as_view()(APIRequestFactory().get("/"))
        response.render()
        written, response_kept = response.content, weakref.ref(response)
        del response
        return written, kept[0]() is not None or response_kept() is not None


def test_what_is_released_is_gone_with_its_response():
    assert ask(release=True) == (b'{"rows":[1,2]}', False)


def test_without_that_it_stays_in_the_circle_of_its_view():
    assert ask(release=False) == (b'{"rows":[1,2]}', True)


@pytest.mark.parametrize("context", [{}, {"view": None}])
def test_a_response_that_no_view_made_is_released_as_well(context: dict[str, object]):
    response: Any = released(Response([1]))
    response.accepted_renderer, response.accepted_media_type = JSONRenderer(), "application/json"
    response.renderer_context = dict(context)

    assert response.render().content == b"[1]"
    assert response.data is None
