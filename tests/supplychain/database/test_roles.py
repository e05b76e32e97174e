"""What PostgreSQL itself refuses the roles of web and worker, whatever code of ours would ask for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from supplychain.access import audit
from supplychain.access.actors import system_actor
from supplychain.access.models import AuditEvent
from supplychain.database.grants import declared_grants
from supplychain.database.roles import DatabaseRoleError, prepare_roles
from tests.factories import START, cyclonedx, store

pytestmark = pytest.mark.django_db

WEB, WORKER = "supplychain_test_web", "supplychain_test_worker"
BOTH = pytest.mark.parametrize("role", [WEB, WORKER])
KEPT = ("inventory_evidence", "inventory_evidenceblob", "access_auditevent")
ADDRESSES = {"web": f"postgresql://{WEB}@/any", "worker": f"postgresql://{WORKER}@/any"}


@pytest.fixture
def roles(db: None) -> None:
    """Both roles, in the test's own transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip("the test's own role must be a superuser to act as others: ./run test has such a server")
    prepare_roles(ADDRESSES)


@contextmanager
def acting_as(role: str) -> Iterator[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        yield cursor
        cursor.execute("RESET ROLE")


def refuses(role: str, statement: str) -> bool:
    """Tell whether PostgreSQL refuses the statement for want of a right; every other error is the test's mistake."""
    try:
        with acting_as(role) as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            return True
        raise
    return False


def answer_of(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_every_table_has_its_rights_declared_and_every_declaration_its_table():
    relations = dict(
        answer_of(
            "SELECT relname, relkind::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            " AND relkind IN ('r', 'p', 'v', 'm', 'S')"
        )
    )
    tables = {name for name, kind in relations.items() if kind != "S"}
    counters = {
        name
        for (name,) in answer_of(
            "SELECT relname FROM pg_class s WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = s.oid AND d.deptype = 'i')"
        )
    }

    declared = set(declared_grants())

    assert (tables | counters) - declared == set(), "say in the app's grants.py what web and worker do with it"
    assert declared - set(relations) == set()


@BOTH
@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET {column} = {column}",
        "UPDATE {} SET {column} = {column} WHERE false",
        "DELETE FROM {} WHERE false",
        "TRUNCATE {}",
        "TRUNCATE {} CASCADE",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "ALTER TABLE {} ALTER COLUMN {column} DROP NOT NULL",
        "DROP TABLE {} CASCADE",
        "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION access_audit_append()",
        "CREATE RULE mine AS ON DELETE TO {} DO INSTEAD NOTHING",
        "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
        "SELECT 1 FROM {} FOR UPDATE",
    ],
)
def test_nobody_changes_removes_or_unlocks_what_is_kept_for_ever(roles, role, table, statement):
    column = {"access_auditevent": "sequence", "inventory_evidence": "id"}.get(table, "digest")

    assert refuses(role, statement.format(table, column=column))


@BOTH
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE access_auditevent (sequence bigint, hash bytea)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION access_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "ALTER FUNCTION access_audit_append() RESET ALL",
        "CREATE EXTENSION dblink",
        "DROP INDEX package_match_key",
        "CREATE ROLE mine SUPERUSER",
        f"ALTER ROLE {WEB} SUPERUSER",
        "SET session_replication_role = replica",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
        "UPDATE access_apikey SET scopes = '{admin}', sees_all_teams = true",
        "UPDATE access_apikey SET revoked_at = NULL, expires_at = NULL",
        "DELETE FROM access_apikey",
        "DELETE FROM access_user",
        "INSERT INTO access_team (slug) VALUES ('mine')",
        "DELETE FROM django_migrations",
        "DELETE FROM inventory_package",
        "DELETE FROM inventory_evidencestate",
        "INSERT INTO access_auditevent (sequence, hash, previous_hash) VALUES (1, '', '')",
    ],
)
def test_neither_role_makes_objects_or_gives_itself_rights(roles, role, statement):
    assert refuses(role, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password FROM access_user",
        "SELECT secret_digest FROM access_apikey",
        "SELECT * FROM django_session",
        "SELECT * FROM access_membership",
        "SELECT * FROM mfa_authenticator",
        "UPDATE access_user SET organisation_role = 'admin'",
        "INSERT INTO access_user (username) VALUES ('mallory')",
        "SELECT * FROM access_signinfailure",
        "SELECT * FROM cache_entries",
        "SELECT body FROM access_auditevent",
        "INSERT INTO inventory_evidence (size_bytes) VALUES (1)",
        "INSERT INTO inventory_evidenceblob (digest) VALUES ('x')",
        "INSERT INTO access_apikey (lookup) VALUES ('x')",
        (
            "INSERT INTO access_auditevent (body, at, actor, action, subject)"
            """ VALUES ('{"actor": "user:rita"}', now(), 'user:rita', 'a.b', 'x')"""
        ),
        (
            "INSERT INTO access_auditevent (body, at, actor, action, subject)"
            """ VALUES ('{"actor": "user:rita"}', now(), 'system:live', 'a.b', 'x')"""
        ),
    ],
)
def test_a_worker_that_was_taken_over_by_a_document_reads_no_secret_and_forges_no_evidence(roles, statement):
    assert refuses(WORKER, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO inventory_package (type, name_key, name) VALUES ('npm', 'x', 'x')",
        "UPDATE inventory_presence SET to_seq = from_seq + 1",
        "DELETE FROM inventory_running",
        "UPDATE inventory_runinterval SET closed_at = now()",
        "UPDATE inventory_evidencestate SET counts = '{}'",
        "SELECT nextval('inventory_applied_sequence')",
        "INSERT INTO inventory_servicemapping (service) VALUES ('x')",
    ],
)
def test_the_web_server_states_nothing_that_is_a_workers_to_find_out(roles, statement):
    assert refuses(WEB, statement)


def test_what_each_role_needs_it_may(roles):
    store("team-a", cyclonedx("pkg:npm/a@1"))

    allowed = {
        WEB: [
            "INSERT INTO inventory_evidenceblob SELECT * FROM inventory_evidenceblob ON CONFLICT DO NOTHING",
            "SELECT evidence_id FROM inventory_evidencestate FOR NO KEY UPDATE",
            "UPDATE inventory_evidencestate SET state = 'received', attempts = 0",
            (
                "INSERT INTO access_auditevent (body, at, actor, action, subject) VALUES ('{}', now(), 'x', 'a.b', 'x')"
                " RETURNING sequence"
            ),
        ],
        WORKER: [
            (
                "INSERT INTO access_auditevent (body, at, actor, action, subject)"
                """ VALUES ('{"actor": "system:live"}', now(), 'system:live', 'a.b', 'x') RETURNING sequence"""
            ),
            "SELECT evidence_id FROM inventory_evidencestate FOR NO KEY UPDATE SKIP LOCKED",
            (
                "INSERT INTO inventory_package (type, namespace_key, name_key, namespace, name)"
                " VALUES ('npm', '', 'x', '', 'x') ON CONFLICT (type, namespace_key, name_key) DO NOTHING"
            ),
            "SELECT nextval('inventory_applied_sequence'), nextval(pg_get_serial_sequence('inventory_track', 'id'))",
            "SELECT kinds FROM access_apikey",
            "SELECT sequence, hash FROM access_auditevent",
        ],
    }

    refused = [(role, line) for role, lines in allowed.items() for line in lines if refuses(role, line)]

    assert refused == []


def test_a_row_of_the_chain_follows_ours_not_that_of_a_temporary_table(roles):
    audit.record(system_actor("test"), "thing.done", subject="x", details={}, at=START)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE access_auditevent (sequence bigint, hash bytea) ON COMMIT DROP")
        cursor.execute("INSERT INTO pg_temp.access_auditevent VALUES (41, sha256('forged'))")
        cursor.execute(
            "INSERT INTO public.access_auditevent (body, at, actor, action, subject)"
            " VALUES ('{}', now(), 'x', 'a.b', 'x') RETURNING sequence, previous_hash"
        )
        sequence, previous_hash = cursor.fetchone()
        cursor.execute("DROP TABLE pg_temp.access_auditevent")

    assert sequence == 2
    assert bytes(previous_hash) == bytes(AuditEvent.objects.get(sequence=1).hash)


def test_a_right_that_is_no_longer_declared_is_taken_away(roles):
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT DELETE, UPDATE (size_bytes) ON inventory_evidence TO {WEB}")
    assert not refuses(WEB, "DELETE FROM inventory_evidence WHERE false")

    prepare_roles(ADDRESSES)

    assert refuses(WEB, "DELETE FROM inventory_evidence WHERE false")
    assert refuses(WEB, "UPDATE inventory_evidence SET size_bytes = 1 WHERE false")


def test_the_password_of_the_address_becomes_the_roles_and_is_stored_as_a_hash(roles):
    prepare_roles({"web": f"postgresql://{WEB}:s3cret%21@/any"})

    [(stored,)] = answer_of(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{WEB}'")
    assert stored.startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("make", ["SUPERUSER", "CREATEROLE", "CREATEDB", "BYPASSRLS", "REPLICATION", "IN ROLE {owner}"])
def test_a_role_that_could_do_more_is_refused(roles, make):
    [(owner,)] = answer_of("SELECT quote_ident(current_user)")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE supplychain_test_mighty LOGIN {make.format(owner=owner)}")

    with pytest.raises(DatabaseRoleError, match="more than it should"):
        prepare_roles({"web": "postgresql://supplychain_test_mighty@/any"})


def test_one_role_for_both_is_refused(roles):
    with pytest.raises(DatabaseRoleError, match="two roles"):
        prepare_roles({"web": ADDRESSES["web"], "worker": ADDRESSES["web"]})


def test_an_owner_that_may_make_no_roles_is_told_what_to_ask_for(roles, without_rights: Callable[[], Any]):
    with without_rights(), pytest.raises(DatabaseRoleError, match='CREATE ROLE "supplychain_test_new" LOGIN'):
        prepare_roles({"web": "postgresql://supplychain_test_new@/any"})


def test_a_password_that_the_owner_may_not_set_is_left_and_told(roles, without_rights: Callable[[], Any]):
    with without_rights():
        notes = prepare_roles({"web": f"postgresql://{WEB}:other@/any"})

    assert notes == [f"The password of the role {WEB} was left as it is: the owner may not set it."]


@pytest.fixture
def without_rights(roles: None) -> Callable[[], Any]:
    """Act as an owner of the tables who is no superuser and may make no roles."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE supplychain_test_owner")
        for relation, kind in answer_of(
            "SELECT quote_ident(relname), relkind::text FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
        ):
            assert kind == "r"
            cursor.execute(f"ALTER TABLE {relation} OWNER TO supplychain_test_owner")
        cursor.execute("ALTER SCHEMA public OWNER TO supplychain_test_owner")
        cursor.execute("SELECT current_database()")
        cursor.execute(f'ALTER DATABASE "{cursor.fetchone()[0]}" OWNER TO supplychain_test_owner')

    @contextmanager
    def act() -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE supplychain_test_owner")
            try:
                yield
            finally:
                cursor.execute("RESET ROLE")

    return act
