"""References of the rows a large document writes by the ten thousand are checked a statement at a time, not a row.

A foreign key asks for each row, and locks the row it points to: of a document of 100,000 components that was half a
million questions at its commit. Here one question a statement finds what points nowhere, and whoever deletes what is
pointed to is refused the same way (docs/adr/0007-references-in-sets.md).

Indexes for LIKE go too where the column has the collation "C": its plain index answers LIKE.
"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

_REFERENCES = {
    "inventory_presence": {"component_id": "inventory_component", "track_id": "inventory_track"},
    "inventory_componenthash": {"component_id": "inventory_component", "team_id": "access_team"},
    "inventory_componentcpe": {"component_id": "inventory_component", "team_id": "access_team"},
    "inventory_packagereach": {"package_id": "inventory_package", "team_id": "access_team"},
    "inventory_component": {"package_id": "inventory_package"},
}
_REFERENCED = sorted({target for targets in _REFERENCES.values() for target in targets.values()})
# One look into the key's index for each value, in whatever plan: it is kept, and tables grow.
_CHECK = """
CREATE FUNCTION {table}_check_references() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
    missing text;
BEGIN
    {questions}
    RETURN NULL;
END $$;
CREATE TRIGGER check_references AFTER INSERT ON {table} REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_check_references();
CREATE TRIGGER keep_references BEFORE UPDATE OF {columns} ON {table}
    FOR EACH ROW EXECUTE FUNCTION inventory_keep_references();
"""
_QUESTION = """
    SELECT a.value::text INTO missing FROM (SELECT DISTINCT {column} AS value FROM added) a
    WHERE a.value IS NOT NULL AND (SELECT true FROM {target} t WHERE t.id = a.value) IS NULL LIMIT 1;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION '{column} % of {table} is not in {target}', missing USING ERRCODE = 'foreign_key_violation';
    END IF;
"""
_KEEP = """
CREATE FUNCTION inventory_keep_references() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of % points to the same for good', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation';
END $$;
"""
_STAY = """
CREATE FUNCTION {target}_stay_referenced() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    {questions}
    RETURN NULL;
END $$;
CREATE TRIGGER stay_referenced AFTER DELETE ON {target} REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION {target}_stay_referenced();
"""
_STILL = """
    IF EXISTS (SELECT FROM {table} r JOIN removed d ON d.id = r.{column}) THEN
        RAISE EXCEPTION 'a removed row of {target} is still in {table}' USING ERRCODE = 'foreign_key_violation';
    END IF;
"""


def _checks(table: str) -> str:
    pointing = _REFERENCES[table]
    asked = (_QUESTION.format(table=table, column=name, target=target) for name, target in pointing.items())
    return _CHECK.format(table=table, questions="".join(asked), columns=", ".join(pointing))


def _stays(target: str) -> str:
    asked = (
        _STILL.format(table=table, column=column, target=target)
        for table, columns in _REFERENCES.items()
        for column, pointed in columns.items()
        if pointed == target
    )
    return _STAY.format(target=target, questions="".join(asked))


CHECKED = _KEEP + "".join(map(_checks, _REFERENCES)) + "".join(map(_stays, _REFERENCED))
CHECKED_BACK = (
    "".join(
        f"DROP TRIGGER check_references ON {table}; DROP TRIGGER keep_references ON {table};\n"
        f"DROP FUNCTION {table}_check_references();\n"
        for table in _REFERENCES
    )
    + "".join(
        f"DROP TRIGGER stay_referenced ON {target}; DROP FUNCTION {target}_stay_referenced();\n"
        for target in _REFERENCED
    )
    + "DROP FUNCTION inventory_keep_references();\n"
)
_LIKE = {
    "inventory_artifact": "digest",
    "inventory_component": "identity",
    "inventory_evidence": "blob_id",
    "inventory_evidenceblob": "digest",
}
# Their names end in digits that Django made of the model's.
_DROP_LIKE = """
DO $$
DECLARE
    found regclass;
BEGIN
    FOR found IN
        SELECT i.indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = '{table}'::regclass AND a.attname = '{column}' AND c.relname LIKE '%\\_like'
    LOOP
        EXECUTE 'DROP INDEX ' || found;
    END LOOP;
END $$;
"""


def _foreign_key(to: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(db_constraint=False, to=to, **{"related_name": "+", **options})


_PROTECT, _NOTHING = django.db.models.deletion.PROTECT, django.db.models.deletion.DO_NOTHING
_FIELDS = {
    ("presence", "component"): _foreign_key("inventory.component", on_delete=_NOTHING, db_index=False),
    ("presence", "track"): _foreign_key("inventory.track", on_delete=_NOTHING, db_index=False),
    ("componenthash", "component"): _foreign_key("inventory.component", on_delete=_PROTECT),
    ("componenthash", "team"): _foreign_key("access.team", on_delete=_PROTECT, db_index=False),
    ("componentcpe", "component"): _foreign_key("inventory.component", on_delete=_PROTECT),
    ("componentcpe", "team"): _foreign_key("access.team", on_delete=_PROTECT, db_index=False),
    ("packagereach", "package"): _foreign_key("inventory.package", on_delete=_PROTECT, db_index=False),
    ("packagereach", "team"): _foreign_key("access.team", on_delete=_PROTECT, db_index=False, null=True),
    ("component", "package"): _foreign_key("inventory.package", on_delete=_PROTECT, related_name="components"),
}


class Migration(migrations.Migration):
    dependencies = [("inventory", "0021_advisory_spelling")]

    operations = [
        *(
            migrations.AlterField(model_name=model, name=name, field=field)
            for (model, name), field in _FIELDS.items()
        ),
        migrations.RunSQL(CHECKED, CHECKED_BACK),
        *(
            migrations.RunSQL(_DROP_LIKE.format(table=table, column=column), migrations.RunSQL.noop)
            for table, column in _LIKE.items()
        ),
    ]
