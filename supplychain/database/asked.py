"""Whether somebody is being answered: a lock in the database that the answer is read from.

It is taken with the first statement of an answer and ends with its transaction, whatever ends that: a web process that
is killed leaves no mark behind. Questions share it, so that none waits for another. It costs no round trip, and no
broker need be there. A replica has locks of its own: what is asked there takes nothing from who writes here.
"""

from typing import Final

_LOCK: Final = f"{0x5C73}, 0"
MARK: Final = f"SELECT pg_advisory_xact_lock_shared({_LOCK})"
IS_MARKED: Final = f"(CASE WHEN pg_try_advisory_lock({_LOCK}) THEN NOT pg_advisory_unlock({_LOCK}) ELSE true END)"
"""An expression. Nobody keeps the lock whole: it is given back before a question can miss it."""
