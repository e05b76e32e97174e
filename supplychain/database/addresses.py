"""The connections of Django's DATABASES, read from the environment."""

from __future__ import annotations

from typing import Any

from supplychain import env

REPLICA = "replica"
# Its statements are few and the same for every document: the server keeps to one plan of each.
_INTERNING = (
    "-c synchronous_commit=off -c lock_timeout=5s -c plan_cache_mode=force_generic_plan"
    # A plan that is kept must suit tables that grow: made on an empty one, a walk over all rows would look best.
    " -c enable_seqscan=off"
)
_KEPT: dict[str, Any] = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def databases(process: str) -> dict[str, dict[str, Any]]:
    """Return the connections of a process of this kind: `web` has a pool, the others keep one."""
    primary = env.database(env.secret("DATABASE_URL"))  # it may hold a password
    found: dict[str, dict[str, Any]] = {
        "default": {**primary, **(_pooled(primary["OPTIONS"]) if process == "web" else _KEPT)},
        # The same database on a connection of its own: ingest interns packages there in short transactions, which
        # commit before the document's long one, so that two documents never wait for each other's package rows.
        # It need not wait for the disk: the log is written in order, so what the document's commit makes durable
        # covers it. It gives up on a lock: a migration that waits for the document's transaction would block it for
        # ever, and the database cannot see that two connections of one process wait for each other. The document is
        # tried again.
        "interning": {
            **primary,
            **_KEPT,
            "OPTIONS": primary["OPTIONS"] | {"options": _INTERNING},
            "TEST": {"MIRROR": "default"},
        },
    }
    if address := env.secret("DATABASE_REPLICA_URL", default=""):
        found[REPLICA] = _replica(address)
    return found


def _pooled(options: dict[str, object]) -> dict[str, Any]:
    """The web process has many threads and short requests."""
    size = env.number("DATABASE_POOL_SIZE", default=10, minimum=1)
    pool = {"min_size": 1, "max_size": size, "timeout": 10}
    return {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": options | {"pool": pool}}


def _replica(address: str) -> dict[str, Any]:
    """A streaming replica that answers incident questions (docs/scaling.md). It refuses writes by itself.

    Not pooled: a pool would make every question wait its ten seconds while the replica is away.
    """
    replica = env.database(address)
    return {**replica, **_KEPT, "OPTIONS": {"connect_timeout": 2} | replica["OPTIONS"], "TEST": {"MIRROR": "default"}}
