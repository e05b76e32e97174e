"""For which cluster and environment a key may ask: those that it is bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Collection

    from supplychain.access.actors import Actor

MAX_TEXT = 255


class OutsidePlaceError(DomainError):
    """The key is for another cluster or environment."""

    def __init__(self, what: str) -> None:
        super().__init__("outside_binding", f"This key is not for that {what}.", status=403)


class UnboundKeyError(DomainError):
    """Whoever answers for a cluster must be bound to it."""

    def __init__(self) -> None:
        message = "Admission needs a key that is bound to its clusters; of several, `cluster` names one."
        super().__init__("cluster_needed", message, status=403)


def bound_cluster(actor: Actor, *, asked: str | None) -> str:
    """Return the cluster asked for, or the only one that the key is bound to; '' where neither tells.

    Raises OutsidePlaceError.
    """
    return _bound(actor.cluster_bindings, asked=asked, what="cluster")


def bound_environment(actor: Actor, *, asked: str | None) -> str:
    """Return the environment asked for, or the only one that the key is bound to. Raises OutsidePlaceError."""
    return _bound(actor.environment_bindings, asked=asked, what="environment")


def admission_cluster(actor: Actor, *, asked: str | None) -> str:
    """Return the cluster whose gate asks. Raises UnboundKeyError, OutsidePlaceError."""
    if not actor.cluster_bindings:
        raise UnboundKeyError
    if cluster := bound_cluster(actor, asked=asked):
        return cluster
    raise UnboundKeyError


def _bound(bindings: Collection[str], *, asked: str | None, what: str) -> str:
    if asked:
        if bindings and asked not in bindings:
            raise OutsidePlaceError(what)
        return asked
    return next(iter(bindings)) if len(bindings) == 1 else ""
