"""What an actor may see: the one door from a table to a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from supplychain.access.actors import Actor

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class TeamScopedQuerySet(models.QuerySet[Row_co]):
    """Rows that belong to a team. A subclass sets `team_field` where the team is a step away (`track__team`)."""

    team_field: ClassVar[str] = "team"

    def visible_to(self, actor: Actor) -> Self:
        """Keep the rows the actor may see: all for a responder, its teams' for anyone else, none for the anonymous."""
        if actor.team_ids is None:
            return self.all()
        if not actor.team_ids:
            return self.none()
        condition: dict[str, Any] = {f"{self.team_field}__in": sorted(actor.team_ids)}
        return self.filter(**condition)
