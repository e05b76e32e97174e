"""The database roles of web and worker: made where the owner may make them, and given the rights declared for them.

The owner migrates and runs commands. The processes that strangers' requests and documents reach run under a role that
owns nothing: PostgreSQL itself refuses them what no code of theirs should do (docs/adr/0006-database-roles.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import ProgrammingError, connection, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from supplychain import env
from supplychain.database.grants import declared_grants

# Two that prepare the same database at once take turns: PostgreSQL refuses concurrent changes of one table's rights.
# The number is arbitrary; it is this lock's alone in this database.
_LOCK = "SELECT pg_advisory_xact_lock(4715002025110002)"
_FACTS = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,
       pg_has_role(oid, current_user, 'MEMBER')
FROM pg_roles WHERE rolname = %s
"""
_OURS = """
SELECT relname, relkind = 'S' FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
  AND pg_has_role(relowner, 'USAGE')
ORDER BY relname
"""


class DatabaseRoleError(Exception):
    """A role cannot be prepared as it should be; told to whoever runs the command."""


@transaction.atomic
def prepare_roles(addresses: Mapping[str, str]) -> list[str]:
    """Make the roles of `{"web": address, "worker": address}` and set their rights to those declared; safe to repeat.

    An address is a DATABASE_URL: its user is the role, its password becomes the role's. Returns what could not be
    done and need not stop the start. Raises DatabaseRoleError for a role that could do more than is declared.
    """
    roles = {kind: env.database(address) for kind, address in addresses.items()}
    if len({role["USER"] for role in roles.values()}) < len(roles):
        raise DatabaseRoleError("DATABASE_WEB_URL and DATABASE_WORKER_URL must name two roles.")
    notes: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        _close_to_everyone(cursor)
        for kind, role in roles.items():
            if not _ensure(cursor, role["USER"], password=role["PASSWORD"]):
                notes.append(f"The password of the role {role['USER']} was left as it is: the owner may not set it.")
            _grant(cursor, role["USER"], kind=kind)
    return notes


def _close_to_everyone(cursor: Any) -> None:
    """Take from everyone what PostgreSQL gives by itself.

    Temporary tables would let a session put one of its own before ours, for the functions that it calls.
    """
    database, schema = _place(cursor)
    cursor.execute(sql.SQL("REVOKE CREATE, TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))
    cursor.execute(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC").format(schema))


def _ensure(cursor: Any, name: str, *, password: str) -> bool:
    """Make the role, or check one that is there; False when its password could not be set."""
    role = sql.Identifier(name)
    cursor.execute(_FACTS, [name])
    facts = cursor.fetchone()
    if facts is None:
        _make(cursor, name)
    elif facts[0] or facts[1]:
        raise DatabaseRoleError(
            f"The role {name} may do more than it should: it must be no superuser, make no roles or databases, and be"
            " no member of the owner's role."
        )
    if not password:
        return True
    # PostgreSQL logs statements; what it is told here is what it would store, not the password.
    stored = connection.connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    try:
        with transaction.atomic():
            cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(stored.decode())))
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        return False
    return True


def _make(cursor: Any, name: str) -> None:
    try:
        with transaction.atomic():
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        raise DatabaseRoleError(
            f"There is no role {name}, and the owner may not make one: have an administrator run"
            f' CREATE ROLE "{name}" LOGIN PASSWORD …'
        ) from error


def _grant(cursor: Any, name: str, *, kind: str) -> None:
    """Take every right from the role and give it those declared; others see one change, at the commit."""
    role = sql.Identifier(name)
    database, schema = _place(cursor)
    cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role))
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
    cursor.execute(_OURS)
    declared = declared_grants()
    for relation, is_sequence in cursor.fetchall():
        target = sql.SQL("SEQUENCE {}" if is_sequence else "TABLE {}").format(sql.Identifier(relation))
        cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(target, role))
        grant = declared.get(relation)
        if grant is not None and (rights := grant.for_role(kind)):
            cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), target, role))


def _place(cursor: Any) -> tuple[sql.Identifier, sql.Identifier]:
    cursor.execute("SELECT current_database(), current_schema()")
    database, schema = cursor.fetchone()
    return sql.Identifier(database), sql.Identifier(schema)
