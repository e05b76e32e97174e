"""Who may send the full list of a cluster: asked before a byte of it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.models import Cluster
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from supplychain.access.actors import Actor


class ClusterNotYoursError(DomainError):
    """The cluster belongs to another team, and the key is not bound to it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "cluster_not_yours",
            f"Only keys of the team that {name} belongs to, or keys bound to it, may send its snapshot.",
            status=403,
        )


def check_snapshot_right(name: str, *, actor: Actor) -> None:
    """Raise ClusterNotYoursError for a stranger's cluster. A cluster that nobody reported yet is anyone's to report.

    One statement. The worker asks again (ingest/runtime.py): meanwhile another team may have reported it first.
    """
    if name in actor.cluster_bindings:
        return
    team_id = Cluster.objects.filter(name=name).values_list("team_id", flat=True).first()
    if team_id is not None and team_id != actor.team_id:
        raise ClusterNotYoursError(name)
