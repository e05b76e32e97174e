"""The control of D3: a web server that puts the document's id into the broker, and trusts it to stay there."""

from __future__ import annotations

from typing import Any

from supplychain.wsgi import application
from tests.drills.broker_worker import process_this

from inventory.intake import receive as intake  # isort: skip  (its models need Django, which the two above start)

__all__ = ["application"]

_receive = intake.receive


def receive_and_send(*arguments: Any, **named: Any) -> intake.Received:
    """Store the document as ever; ring with its id."""
    received = _receive(*arguments, **named)
    if received.is_new:
        process_this.delay(received.evidence.pk)
    return received


intake.receive = receive_and_send  # the views import it after this module has replaced it
intake.ring = lambda: None
