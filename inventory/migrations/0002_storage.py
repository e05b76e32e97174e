"""What models cannot say: the covering key of presence, tight vacuuming, the order of applied evidence, insert-only rows."""

from django.db import migrations

PRESENCE = """
ALTER TABLE inventory_presence DROP CONSTRAINT inventory_presence_pkey;
ALTER TABLE inventory_presence ADD CONSTRAINT inventory_presence_pkey
    PRIMARY KEY (component_id, track_id, from_seq) INCLUDE (to_seq, flags);
ALTER TABLE inventory_presence SET (
    fillfactor = 90, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02);
"""
PRESENCE_BACK = """
ALTER TABLE inventory_presence DROP CONSTRAINT inventory_presence_pkey;
ALTER TABLE inventory_presence ADD CONSTRAINT inventory_presence_pkey PRIMARY KEY (component_id, track_id, from_seq);
ALTER TABLE inventory_presence RESET (
    fillfactor, autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_scale_factor);
"""
INSERT_ONLY = """
CREATE FUNCTION inventory_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are insert-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER evidence_insert_only BEFORE UPDATE OR DELETE ON inventory_evidence
    FOR EACH ROW EXECUTE FUNCTION inventory_refuse_change();
CREATE TRIGGER evidence_blob_insert_only BEFORE UPDATE OR DELETE ON inventory_evidenceblob
    FOR EACH ROW EXECUTE FUNCTION inventory_refuse_change();
"""
INSERT_ONLY_BACK = """
DROP TRIGGER evidence_blob_insert_only ON inventory_evidenceblob;
DROP TRIGGER evidence_insert_only ON inventory_evidence;
DROP FUNCTION inventory_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]

    operations = [
        migrations.RunSQL(PRESENCE, PRESENCE_BACK),
        migrations.RunSQL(
            "CREATE SEQUENCE inventory_applied_sequence", "DROP SEQUENCE inventory_applied_sequence"
        ),
        migrations.RunSQL(INSERT_ONLY, INSERT_ONLY_BACK),
    ]
