"""What every page knows: who is signed in, and where in the product it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from supplychain.access.actors import actor_of
from supplychain.access.scopes import Scope

if TYPE_CHECKING:
    from django.http import HttpRequest

    from supplychain.access.actors import Actor

PRODUCT_NAME = "Supply Chain"


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One page of the main menu. `scope` opens it; paths are text, since the platform imports no part above it."""

    label: str
    path: str
    icon: str
    scope: str
    is_for_all_teams: bool = False


@dataclass(frozen=True, slots=True)
class NavigationGroup:
    """What stands in the bar: a menu of pages, or the page alone where the group has no name."""

    items: tuple[NavigationItem, ...]
    label: str = ""
    icon: str = ""

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(item.path for item in self.items)


# The bar holds few enough groups for one line at 1280 px; a new page goes into the menu where it is looked for.
_NAVIGATION = (
    NavigationGroup((NavigationItem("Impact", "/impact", "affiliate", Scope.INCIDENTS_READ),)),
    NavigationGroup(
        (
            NavigationItem("Incidents", "/incidents", "urgent", Scope.INCIDENTS_READ),
            NavigationItem("Drills", "/drills", "clock-play", Scope.INCIDENTS_READ),
        ),
        label="Response",
        icon="urgent",
    ),
    NavigationGroup(
        (
            NavigationItem("Watches", "/watches", "eye", Scope.INCIDENTS_READ),
            NavigationItem("Notifications", "/settings/notifications", "bell", Scope.INCIDENTS_READ),
        ),
        label="Alerts",
        icon="bell",
    ),
    NavigationGroup(
        (
            NavigationItem("Artifacts", "/artifacts", "box", Scope.INVENTORY_READ),
            NavigationItem("Packages", "/packages", "package", Scope.INVENTORY_READ),
            NavigationItem("Advisories", "/advisories", "bug", Scope.INVENTORY_READ),
            NavigationItem("Tags", "/tags", "tag", Scope.INVENTORY_READ),
            NavigationItem("Evidence", "/evidence", "file-certificate", Scope.INVENTORY_READ),
        ),
        label="Inventory",
        icon="box",
    ),
    NavigationGroup(
        (
            NavigationItem("Sources", "/repositories", "git-branch", Scope.INVENTORY_READ),
            NavigationItem("Pipeline", "/pipeline", "route", Scope.INVENTORY_READ),
            NavigationItem("Findings", "/findings", "zoom-question", Scope.INVENTORY_READ),
            NavigationItem("Signers", "/signers", "signature", Scope.POLICY_READ),
            NavigationItem("Roots of trust", "/roots", "shield-check", Scope.POLICY_READ),
            NavigationItem("Compromises", "/compromises", "hand-stop", Scope.POLICY_READ),
        ),
        label="Build",
        icon="hammer",
    ),
    NavigationGroup(
        (
            NavigationItem("Blocks", "/blocks", "hand-stop", Scope.POLICY_READ),
            NavigationItem("Decisions", "/decisions", "shield-check", Scope.POLICY_READ),
        ),
        label="Gates",
        icon="shield-check",
    ),
    NavigationGroup(
        (
            NavigationItem("Workloads", "/workloads", "server-2", Scope.INVENTORY_READ),
            NavigationItem("Clusters", "/clusters", "cloud", Scope.INVENTORY_READ),
        ),
        label="Runtime",
        icon="cloud",
    ),
    NavigationGroup(
        (NavigationItem("Operations", "/ops", "activity", Scope.INVENTORY_READ, is_for_all_teams=True),),
    ),
)


def page(request: HttpRequest) -> dict[str, object]:
    """Add the product's name, the person and the menu entries that the person may open.

    The request may have failed before anybody was known (a refused host, a broken database): then there is no menu.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"product_name": PRODUCT_NAME, "navigation": (), "person": ""}
    actor = actor_of(request)
    return {"product_name": PRODUCT_NAME, "navigation": _open_to(actor), "person": user.get_username()}


def _open_to(actor: Actor) -> tuple[NavigationGroup, ...]:
    """Return the groups with the pages that the actor may open, without those of which none is left."""
    kept = (
        replace(
            group,
            items=tuple(
                item for item in group.items if actor.can(item.scope) and (actor.sees_all or not item.is_for_all_teams)
            ),
        )
        for group in _NAVIGATION
    )
    return tuple(group for group in kept if group.items)
