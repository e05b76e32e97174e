"""A block of subjects tells which transaction changed it last: who keeps them reads again what changed since."""

from django.db import migrations, models

# As migration 0013 wrote it, and what changed the block.
PACK = """
CREATE OR REPLACE FUNCTION inventory_pack_subjects() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO inventory_subjectblock (track_id, block, seqs, artifacts)
    SELECT DISTINCT track_id, seq >> 8, ''::bytea, ''::bytea FROM changed ORDER BY 1, 2
    ON CONFLICT (track_id, block) DO NOTHING;
    PERFORM FROM inventory_subjectblock b
    WHERE (b.track_id, b.block) IN (SELECT track_id, seq >> 8 FROM changed) ORDER BY b.track_id, b.block FOR UPDATE;
    UPDATE inventory_subjectblock b SET seqs = p.seqs, artifacts = p.artifacts{note}
    FROM (
        SELECT k.track_id, k.block,
               coalesce(string_agg(int4send(s.seq), ''::bytea ORDER BY s.seq, s.artifact_id), '') AS seqs,
               coalesce(string_agg(int4send(s.artifact_id), ''::bytea ORDER BY s.seq, s.artifact_id), '') AS artifacts
        FROM (SELECT DISTINCT track_id, seq >> 8 AS block FROM changed) k
        LEFT JOIN inventory_snapshotsubject s
          ON s.track_id = k.track_id AND s.seq >= k.block << 8 AND s.seq < (k.block + 1) << 8
        GROUP BY 1, 2
    ) p WHERE b.track_id = p.track_id AND b.block = p.block;
    RETURN NULL;
END $$;
"""
NOTED = PACK.replace("{note}", ", changed_in = pg_current_xact_id()::text::bigint")
NOT_NOTED = PACK.replace("{note}", "")


class Migration(migrations.Migration):
    dependencies = [("inventory", "0056_packages_by_name")]

    operations = [
        migrations.AddField(
            model_name="subjectblock",
            name="changed_in",
            field=models.BigIntegerField(
                default=0,
                db_default=0,
                db_index=True,
                db_comment="Transaction that changed it last; 0: before that was kept",
            ),
        ),
        migrations.RunSQL(NOTED, NOT_NOTED),
    ]
