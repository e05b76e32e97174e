"""Subjects packed by stretches of their track, kept by a trigger in the transaction that writes them."""

import django.db.models.deletion
from django.db import migrations, models

PACKED = """
SELECT k.track_id, k.block, coalesce(string_agg(int4send(s.seq), ''::bytea ORDER BY s.seq, s.artifact_id), '') AS seqs,
       coalesce(string_agg(int4send(s.artifact_id), ''::bytea ORDER BY s.seq, s.artifact_id), '') AS artifacts
FROM (SELECT DISTINCT track_id, seq >> 8 AS block FROM {source}) k
LEFT JOIN inventory_snapshotsubject s
  ON s.track_id = k.track_id AND s.seq >= k.block << 8 AND s.seq < (k.block + 1) << 8
GROUP BY 1, 2
"""
# The block is locked before it is read: of two writers the second waits, and then sees the first one's rows.
PACK = f"""
ALTER TABLE inventory_subjectblock SET (fillfactor = 70);
CREATE FUNCTION inventory_pack_subjects() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO inventory_subjectblock (track_id, block, seqs, artifacts)
    SELECT DISTINCT track_id, seq >> 8, ''::bytea, ''::bytea FROM changed ORDER BY 1, 2
    ON CONFLICT (track_id, block) DO NOTHING;
    PERFORM FROM inventory_subjectblock b
    WHERE (b.track_id, b.block) IN (SELECT track_id, seq >> 8 FROM changed) ORDER BY b.track_id, b.block FOR UPDATE;
    UPDATE inventory_subjectblock b SET seqs = p.seqs, artifacts = p.artifacts
    FROM ({PACKED.format(source="changed")}) p WHERE b.track_id = p.track_id AND b.block = p.block;
    RETURN NULL;
END $$;
CREATE TRIGGER pack_added AFTER INSERT ON inventory_snapshotsubject REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_pack_subjects();
CREATE TRIGGER pack_removed AFTER DELETE ON inventory_snapshotsubject REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_pack_subjects();
CREATE TRIGGER pack_left AFTER UPDATE ON inventory_snapshotsubject REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_pack_subjects();
CREATE TRIGGER pack_updated AFTER UPDATE ON inventory_snapshotsubject REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_pack_subjects();
INSERT INTO inventory_subjectblock (track_id, block, seqs, artifacts)
{PACKED.format(source="inventory_snapshotsubject")};
"""
PACK_BACK = """
DROP TRIGGER pack_added ON inventory_snapshotsubject; DROP TRIGGER pack_removed ON inventory_snapshotsubject;
DROP TRIGGER pack_left ON inventory_snapshotsubject; DROP TRIGGER pack_updated ON inventory_snapshotsubject;
DROP FUNCTION inventory_pack_subjects();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0012_retention")]

    operations = [
        migrations.CreateModel(
            name="SubjectBlock",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "track_id", "block", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("block", models.IntegerField(db_comment="seq >> 8")),
                ("seqs", models.BinaryField(db_comment="int32 big-endian, one a subject, ascending")),
                (
                    "artifacts",
                    models.BinaryField(
                        db_comment="int32 big-endian, the artifact of each, ascending within a seq"
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="inventory.track",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(PACK, PACK_BACK),
    ]
