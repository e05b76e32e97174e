"""A mark is a writer's own only when the writer wrote it: a restored database brings marks of another count of writers."""

from django.db import migrations

# A row's xmin is the transaction, or a later subtransaction of it, that wrote the row; a restore wrote its rows before.
NOTE = """
CREATE OR REPLACE FUNCTION inventory_note_change(changed text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    me constant bigint := pg_current_xact_id()::text::bigint;
BEGIN
    IF EXISTS (SELECT FROM inventory_estatechange c
               WHERE c.kind = changed AND c.writer = me AND {mine}) THEN
        RETURN;
    END IF;
    DELETE FROM inventory_estatechange WHERE token IN (
        SELECT c.token FROM inventory_estatechange c WHERE c.kind = changed FOR UPDATE SKIP LOCKED);
    INSERT INTO inventory_estatechange (token, kind, writer) VALUES (gen_random_uuid(), changed, me);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0013_subject_block")]

    operations = [
        migrations.RunSQL(
            NOTE.format(mine="c.xmin::text::bigint >= (me & 4294967295)"), NOTE.format(mine="true")
        ),
    ]
