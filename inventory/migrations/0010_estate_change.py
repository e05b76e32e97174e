"""Marks of changes: whoever remembers a count of the estate can tell whether it still holds."""

from django.db import migrations, models

NOTE = """
CREATE FUNCTION inventory_note_change(changed text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    me constant bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF EXISTS (SELECT FROM inventory_estatechange c WHERE c.kind = changed AND c.writer = me) THEN
        RETURN;
    END IF;
    DELETE FROM inventory_estatechange WHERE token IN (
        SELECT c.token FROM inventory_estatechange c WHERE c.kind = changed FOR UPDATE SKIP LOCKED);
    INSERT INTO inventory_estatechange (token, kind, writer) VALUES (gen_random_uuid(), changed, me);
END $$;

CREATE FUNCTION inventory_note_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed) THEN
        PERFORM inventory_note_change(kind) FROM unnest(TG_ARGV) AS kind;
    END IF;
    RETURN NULL;
END $$;

-- At commit, under the lock that keeps reports out: whoever reports that this artifact ran either came before and is
-- seen here, or comes later and leaves a mark itself.
CREATE FUNCTION inventory_note_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM inventory_artifact a WHERE a.id = NEW.artifact_id AND a.digest IS NULL) THEN
        PERFORM inventory_note_change('labels');
    ELSIF EXISTS (SELECT FROM inventory_runinterval i WHERE i.artifact_id = NEW.artifact_id)
       OR EXISTS (SELECT FROM inventory_artifactalias x WHERE NEW.artifact_id IN (x.alias_id, x.artifact_id))
       OR EXISTS (SELECT FROM inventory_indexmember m WHERE NEW.artifact_id IN (m.index_id, m.member_id)) THEN
        PERFORM inventory_note_change('past');
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER note_added AFTER INSERT OR UPDATE ON inventory_snapshotsubject
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION inventory_note_subject();
CREATE TRIGGER note_removed AFTER DELETE ON inventory_snapshotsubject REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_note_rows('past', 'labels');
CREATE TRIGGER note_updated AFTER UPDATE ON inventory_snapshot REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_note_rows('present', 'past');
CREATE TRIGGER note_removed AFTER DELETE ON inventory_snapshot REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_note_rows('present', 'past');
"""
_ROWS = """
CREATE TRIGGER note_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_note_rows('{kind}');
CREATE TRIGGER note_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_note_rows('{kind}');
CREATE TRIGGER note_updated AFTER UPDATE ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_note_rows('{kind}');
"""
_COLUMNS = """
CREATE FUNCTION {table}_note_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM earlier e JOIN later l USING (id) WHERE ({earlier}) IS DISTINCT FROM ({later})) THEN
        PERFORM inventory_note_change('present');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_updated AFTER UPDATE ON {table} REFERENCING OLD TABLE AS earlier NEW TABLE AS later
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_note_columns();
CREATE TRIGGER note_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_note_rows('present');
CREATE TRIGGER note_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_note_rows('present');
"""
ANY_COLUMN = {
    "inventory_running": "present",
    "inventory_servicemapping": "present",
    "inventory_environment": "present",
    "inventory_artifactalias": "past",
    "inventory_indexmember": "past",
}
# Reports change more than this with every call: when a container or a cluster was last seen.
SOME_COLUMNS = {
    "inventory_runinterval": (
        "team_id", "workload_id", "artifact_id", "node_architecture", "environment_id", "opened_at", "closed_at",
    ),
    "inventory_workload": ("cluster_id", "namespace", "name", "service"),
    "inventory_cluster": ("name", "team_id", "environment_id"),
}  # fmt: skip


def _columns(table: str, columns: tuple[str, ...]) -> str:
    earlier, later = (", ".join(f"{alias}.{column}" for column in columns) for alias in "el")
    return _COLUMNS.format(table=table, earlier=earlier, later=later)


MARK = (
    NOTE
    + "".join(_ROWS.format(table=table, kind=kind) for table, kind in ANY_COLUMN.items())
    + "".join(_columns(table, columns) for table, columns in SOME_COLUMNS.items())
)
MARK_BACK = (
    "DROP TRIGGER note_updated ON inventory_snapshot; DROP TRIGGER note_removed ON inventory_snapshot;\n"
    "DROP TRIGGER note_added ON inventory_snapshotsubject; DROP TRIGGER note_removed ON inventory_snapshotsubject;\n"
    + "".join(
        f"DROP TRIGGER note_{what} ON {table};\n"
        for table in (*ANY_COLUMN, *SOME_COLUMNS)
        for what in ("added", "removed", "updated")
    )
    + "".join(f"DROP FUNCTION {table}_note_columns();\n" for table in SOME_COLUMNS)
    + "DROP FUNCTION inventory_note_subject();\n"
    "DROP FUNCTION inventory_note_rows(); DROP FUNCTION inventory_note_change(text);\n"
)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0009_blob_place")]

    operations = [
        migrations.CreateModel(
            name="EstateChange",
            fields=[
                ("token", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("present", "Present"), ("past", "Past"), ("labels", "Labels")], max_length=16
                    ),
                ),
                (
                    "writer",
                    models.BigIntegerField(
                        db_comment="Transaction that wrote it: one mark of a kind is enough for it"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO inventory_estatechange (token, kind, writer) "
            "SELECT gen_random_uuid(), kind, 0 FROM unnest(ARRAY['present', 'past', 'labels']) AS kind",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(MARK, MARK_BACK),
    ]
