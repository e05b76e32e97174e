"""A large answer is let go as soon as it is written.

The framework ties response, view and request into a circle, so that what an answer was made of would stay until the
next search for garbage: megabytes a question, and thousands of objects that each search has to pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rest_framework.response import Response


def released(response: Response) -> Response:
    """Return a response that is in no circle once it is rendered, and no longer holds what it was made of."""
    response.add_post_render_callback(_release)
    return response


def _release(response: Any) -> None:  # its stubs do not know what it is rendered with
    view = response.renderer_context.get("view")
    response.data = None
    response.renderer_context = {}
    if view is not None:
        view.response = None
