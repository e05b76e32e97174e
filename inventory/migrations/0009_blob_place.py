"""Bytes of evidence may lie in object storage: `place` says where, and is all of a blob's row that may change."""

from django.db import migrations, models

MOVABLE = """
CREATE FUNCTION inventory_refuse_other_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.digest, NEW.size_bytes, NEW.stored_at) = (OLD.digest, OLD.size_bytes, OLD.stored_at)
       AND NEW.place <> OLD.place THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % only change their place', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
DROP TRIGGER evidence_blob_insert_only ON inventory_evidenceblob;
CREATE TRIGGER evidence_blob_only_moves BEFORE UPDATE OR DELETE ON inventory_evidenceblob
    FOR EACH ROW EXECUTE FUNCTION inventory_refuse_other_bytes();
"""
MOVABLE_BACK = """
DROP TRIGGER evidence_blob_only_moves ON inventory_evidenceblob;
CREATE TRIGGER evidence_blob_insert_only BEFORE UPDATE OR DELETE ON inventory_evidenceblob
    FOR EACH ROW EXECUTE FUNCTION inventory_refuse_change();
DROP FUNCTION inventory_refuse_other_bytes();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0008_running_is_complete")]

    operations = [
        migrations.AddField(
            model_name="evidenceblob",
            name="place",
            field=models.CharField(
                choices=[("database", "Database"), ("s3", "S3"), ("removed", "Removed")],
                db_default="database",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="evidenceblob",
            name="data",
            field=models.BinaryField(db_comment="zstd level 3, one frame; NULL: not in the database", null=True),
        ),
        migrations.AddConstraint(
            model_name="evidenceblob",
            constraint=models.CheckConstraint(
                condition=models.Q(("data__isnull", False), ("place", "database"))
                | models.Q(("data__isnull", True), ("place__in", ("s3", "removed"))),
                name="evidence_blob_is_in_its_place",
            ),
        ),
        migrations.RunSQL(MOVABLE, MOVABLE_BACK),
    ]
