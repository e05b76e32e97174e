"""What every page knows: who is signed in, and where in the product it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope

if TYPE_CHECKING:
    from django.http import HttpRequest

PRODUCT_NAME = "Supply Chain"


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the main menu. `scope` opens it; paths are text, since the platform imports no part above it."""

    label: str
    path: str
    icon: str
    scope: str
    is_for_all_teams: bool = False


_NAVIGATION = (
    NavigationItem("Impact", "/impact", "affiliate", Scope.INCIDENTS_READ),
    NavigationItem("Incidents", "/incidents", "urgent", Scope.INCIDENTS_READ),
    NavigationItem("Artifacts", "/artifacts", "box", Scope.INVENTORY_READ),
    NavigationItem("Packages", "/packages", "package", Scope.INVENTORY_READ),
    NavigationItem("Advisories", "/advisories", "bug", Scope.INVENTORY_READ),
    NavigationItem("Tags", "/tags", "tag", Scope.INVENTORY_READ),
    NavigationItem("Workloads", "/workloads", "server-2", Scope.INVENTORY_READ),
    NavigationItem("Clusters", "/clusters", "cloud", Scope.INVENTORY_READ),
    NavigationItem("Sources", "/repositories", "git-branch", Scope.INVENTORY_READ),
    NavigationItem("Pipeline", "/pipeline", "route", Scope.INVENTORY_READ),
    NavigationItem("Signers", "/signers", "signature", Scope.POLICY_READ),
    NavigationItem("Evidence", "/evidence", "file-certificate", Scope.INVENTORY_READ),
    NavigationItem("Operations", "/ops", "activity", Scope.INVENTORY_READ, is_for_all_teams=True),
)


def page(request: HttpRequest) -> dict[str, object]:
    """Add the product's name, the person and the menu entries that the person may open.

    The request may have failed before anybody was known (a refused host, a broken database): then there is no menu.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"product_name": PRODUCT_NAME, "navigation": (), "person": ""}
    actor = actor_of(request)
    items = tuple(
        item for item in _NAVIGATION if actor.can(item.scope) and (actor.sees_all or not item.is_for_all_teams)
    )
    return {"product_name": PRODUCT_NAME, "navigation": items, "person": user.get_username()}
