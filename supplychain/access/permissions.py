"""Which scope opens a route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from supplychain.access.actors import actor_of

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class ScopePermission(BasePermission):
    """Opens a route to whoever holds one of the scopes; made by RequireScope()."""

    scopes: tuple[str, ...] = ()
    by_method: Mapping[str, tuple[str, ...]] = {}

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # REST framework's signature
        actor = actor_of(request)
        if not actor.is_authenticated:
            return False
        wanted = self.scopes_for(request.method or "")
        if any(actor.can(scope) for scope in wanted):
            return True
        raise PermissionDenied(f"This needs the scope {' or '.join(wanted)}.", code="missing_scope")

    def scopes_for(self, method: str) -> tuple[str, ...]:
        """Return the scopes of which a request of this method needs one."""
        return self.by_method.get("GET" if method == "HEAD" else method, self.scopes)


def RequireScope(  # noqa: N802  # it stands where a class stands: `permission_classes = [RequireScope("inventory:read")]`
    *scopes: str, by_method: Mapping[str, tuple[str, ...]] | None = None
) -> type[ScopePermission]:
    """Return the permission that needs one of the scopes, with other scopes for the methods of `by_method`.

    `RequireScope("inventory:read", by_method={"POST": ("evidence:write",)})`; without a scope nobody may.
    """
    return type("ScopePermission", (ScopePermission,), {"scopes": scopes, "by_method": dict(by_method or {})})
