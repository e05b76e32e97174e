"""Where documents come one by one: a worker that has nothing left listens for a moment before its task ends.

To end a task and begin one costs a worker as much as a small document does, and a message for it costs whoever rings.
Who rings first looks for one that listens; a message is sent where there is none. A token lies in `LISTENING` for each
worker that listens, a ring moves one to `RUNG`, and that wakes one. Nothing hangs on it: a ring that wakes nobody,
because its listener died within that second, costs the time until the sweep, as a lost message does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from celery import current_app

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTENING: Final = "supplychain.listening"
RUNG: Final = "supplychain.rung"
LISTEN_SECONDS: Final = 0.2
"""At 15 documents a second for each process one gap in twenty is longer."""
RINGS_ENOUGH: Final = 4
"""Messages that wait. A worker that is idle takes one at once, so this bounds what waits, not who is woken."""
_TOKEN: Final = b"1"
_TOKEN_MILLISECONDS: Final = 1_000
"""Of a listener that died: nobody is taken to be awake for longer after the last one began to listen."""


def is_heard() -> bool:
    """Wake a worker that listens; False where none does and few messages wait, so that one must be sent.

    Under load a question of a tenth of a millisecond, instead of a message that costs twenty times as much in all:
    whoever takes one of those that wait looks after this moment. Raises RedisError or KombuError when the broker is
    away: to send a message would wait for it a second time.
    """
    with current_app.producer_or_acquire() as producer:
        asked = producer.channel.client.pipeline(transaction=False)
        asked.lmove(LISTENING, RUNG, "LEFT", "RIGHT")
        asked.llen(current_app.conf.task_default_queue)
        woken, waiting = asked.execute()
    return woken is not None or waiting >= RINGS_ENOUGH


def is_rung(seconds: float = LISTEN_SECONDS) -> bool:
    """Listen for so long; True as soon as somebody rings.

    False at once where a message waits in any queue: it may be for what people wait for, and this process's next task.
    Raises RedisError or KombuError when the broker is away.
    """
    with current_app.producer_or_acquire() as producer:
        client = producer.channel.client
        asked = client.pipeline(transaction=False)
        for name in _queues():
            asked.llen(name)
        asked.rpush(LISTENING, _TOKEN)
        asked.pexpire(LISTENING, _TOKEN_MILLISECONDS)
        *waiting, _, _ = asked.execute()
        if not any(waiting) and client.blpop([RUNG], timeout=seconds) is not None:
            return True
        return _taken_back(client)


def _taken_back(client: Any) -> bool:
    """Stop listening; True when somebody rang in the last moment, and would otherwise wait for the sweep."""
    if client.lrem(LISTENING, 1, _TOKEN):
        return False
    client.lpop(RUNG)
    return True


def _queues() -> Iterator[str]:
    yield from (queue.name for queue in current_app.conf.task_queues)
