"""Which scope opens a route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from supplychain.access.actors import actor_of

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class RequireScope(BasePermission):
    """Open a route to whoever holds one of the scopes: `permission_classes = [RequireScope("inventory:read")]`.

    `by_method` names other scopes for single methods:
    `RequireScope("inventory:read", by_method={"POST": ("evidence:write",)})`.
    """

    def __init__(self, *scopes: str, by_method: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.scopes = scopes
        self.by_method = dict(by_method or {})

    def __call__(self) -> Self:
        """Return itself: REST framework calls what stands in `permission_classes`."""
        return self

    def scopes_for(self, method: str | None) -> tuple[str, ...]:
        """Return the scopes of which a request of this method needs one."""
        return self.by_method.get("GET" if method == "HEAD" else method or "", self.scopes)

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # REST framework's signature
        actor = actor_of(request)
        if not actor.is_authenticated:
            return False
        wanted = self.scopes_for(request.method)
        if any(actor.can(scope) for scope in wanted):
            return True
        raise PermissionDenied(f"This needs the scope {' or '.join(wanted)}.", code="missing_scope")
