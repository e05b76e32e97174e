"""A mark of what is told of bases, layers, and digests that belong together: what was built on what may be remembered."""

from django.db import migrations, models

TABLES = (
    "inventory_imagelayer",
    "inventory_provenancedependency",
    "inventory_attestationsubject",
    "inventory_attestationsource",
    "inventory_artifactalias",
    "inventory_indexmember",
)
_ROWS = """
CREATE TRIGGER bases_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {function};
CREATE TRIGGER bases_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {function};
CREATE TRIGGER bases_updated AFTER UPDATE ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {function};
"""
# Most of what images say of themselves is where they come from.
MARK = """
CREATE FUNCTION inventory_note_claims() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed WHERE claim IN ('base_digest', 'base_spdx')) THEN
        PERFORM inventory_note_change('bases');
    END IF;
    RETURN NULL;
END $$;
""" + "".join(
    _ROWS.format(table=table, function=function)
    for table, function in (
        *((table, "inventory_note_rows('bases')") for table in TABLES),
        ("inventory_artifactclaim", "inventory_note_claims()"),
    )
)
MARK_BACK = (
    "".join(
        f"DROP TRIGGER bases_{what} ON {table};\n"
        for table in (*TABLES, "inventory_artifactclaim")
        for what in ("added", "removed", "updated")
    )
    + "DROP FUNCTION inventory_note_claims();\n"
)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0058_components_by_kind")]

    operations = [
        migrations.AlterField(
            model_name="estatechange",
            name="kind",
            field=models.CharField(
                choices=[("present", "Present"), ("past", "Past"), ("labels", "Labels"), ("bases", "Bases")],
                max_length=16,
            ),
        ),
        migrations.RunSQL(
            "INSERT INTO inventory_estatechange (token, kind, writer) SELECT gen_random_uuid(), 'bases', 0",
            "DELETE FROM inventory_estatechange WHERE kind = 'bases'",
        ),
        migrations.RunSQL(MARK, MARK_BACK),
    ]
