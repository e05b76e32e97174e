"""A new web process opens its gates' connections and lets the server plan what they ask, before a cluster does.

The first question on a connection takes the server forty milliseconds, the next ones two.
"""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING, Final

from django.db import connections
from django.utils import timezone

from inventory.policy.asked import Asked, Subject
from inventory.policy.hits import Place
from inventory.policy.learning import Question, learn
from inventory.policy.models import Gate
from inventory.policy.storing import keep_nothing
from supplychain.access import presumed
from supplychain.access.actors import Actor
from supplychain.database import together, urgent

if TYPE_CHECKING:
    from datetime import datetime

logger = logging.getLogger(__name__)

CONNECTIONS: Final = together.LANES + 1
"""Those that are used at the same time, and one for what is not done together with others."""
_NOBODY: Final = Actor(team_ids=frozenset(), label="system:warming", kind="system")


def start() -> Thread:
    """Warm this process beside its first requests, in a thread of its own; after a fork, never before it."""
    thread = Thread(target=_run, name="warming-gates", daemon=True)
    thread.start()
    return thread


def warm(*, at: datetime) -> None:
    """Ask about a digest that nobody has, and keep nothing. Raises DatabaseAwayError."""
    subject = Subject(digest=f"sha256:{'0' * 64}")
    learn(Question(Asked(gate=Gate.KUBERNETES, subjects=(subject,), place=Place()), _NOBODY, at))
    urgent.ask([presumed.query_of(())])
    keep_nothing()
    urgent.keep_ready(CONNECTIONS)


def _run() -> None:
    try:
        warm(at=timezone.now())
    except urgent.DatabaseAwayError:
        logger.warning("A web process could not open the connections of its gates; the first who ask wait for them.")
    finally:
        connections.close_all()
