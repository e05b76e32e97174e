"""What an actor may see: the one door from a table to a reader."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, Self, TypeVar

from django.db import models

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class Reader(Protocol):
    """What a queryset asks of an actor: the teams whose rows it sees, None for all."""

    @property
    def team_ids(self) -> frozenset[int] | None: ...


class TeamScopedQuerySet(models.QuerySet[Row_co]):
    """Rows that belong to a team. A subclass sets `team_field` where the team is a step away (`track__team`)."""

    team_field: ClassVar[str] = "team"

    def visible_to(self, actor: Reader) -> Self:
        """Keep the rows the actor may see: all for a responder, its teams' for anyone else, none for the anonymous."""
        if actor.team_ids is None:
            return self.all()
        if not actor.team_ids:
            return self.none()
        condition: dict[str, Any] = {f"{self.team_field}__in": sorted(actor.team_ids)}
        return self.filter(**condition)
