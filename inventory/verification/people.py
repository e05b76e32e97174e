"""Who may answer for what the organisation trusts: people, and no key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supplychain.access.models import User
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from supplychain.access.actors import Actor


class PersonNeededError(DomainError):
    """A key cannot answer for whom the organisation trusts."""

    def __init__(self) -> None:
        super().__init__("person_needed", "A signed-in person decides this, no key.", status=403)


def check_person(actor: Actor) -> int:
    """Return the id of the signed-in person; raises PersonNeededError for anybody else."""
    if actor.user_id is None:
        raise PersonNeededError
    return actor.user_id


def person_of(actor: Actor) -> User:
    """Return the signed-in person; raises PersonNeededError for anybody else."""
    return User.objects.get(pk=check_person(actor))
