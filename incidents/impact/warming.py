"""A new web process asks the first questions itself, so that no responder waits for what only the first one takes.

The server prepares and plans each statement on the process' first connection (prepared.py lets later ones learn it),
the counts of what runs are read, what it holds, and the order of digests.
"""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING, Final

from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone

from incidents.impact.assess import assess
from incidents.impact.contents import CONTENTS
from incidents.impact.digests import DIGESTS
from incidents.impact.question import Question
from incidents.pasted import parse_text
from inventory.models import Component
from supplychain.access.actors import Actor
from supplychain.database import replica

if TYPE_CHECKING:
    from datetime import datetime

logger = logging.getLogger(__name__)

_EVERYBODY: Final = Actor(team_ids=None, label="system:warming", kind="system")


def start() -> Thread:
    """Warm this process beside its first requests, in a thread of its own; after a fork, never before it."""
    thread = Thread(target=_run, name="warming", daemon=True)
    thread.start()
    return thread


def warm(*, at: datetime) -> None:
    """Ask for the component that was seen last, now and at this instant. Nothing is told, nothing is audited."""
    replica.read(lambda reading: DIGESTS.read_all(using=reading.using))
    replica.read(lambda reading: CONTENTS.read_all(using=reading.using))
    newest = Component.objects.filter(has_purl=True).order_by("-pk").values_list("identity", flat=True).first()
    if newest is not None:
        indicators = parse_text(newest)
        for question in (Question(indicators), Question(indicators, at=at)):
            assess(question, actor=_EVERYBODY, at=at, audited=False)


def _run() -> None:
    try:
        warm(at=timezone.now())
    except (DatabaseError, InterfaceError):
        logger.warning(
            "A web process could not ask its first questions; whoever asks first waits for them.", exc_info=True
        )
    finally:
        connections.close_all()
