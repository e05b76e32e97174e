"""What a track holds is read from a narrower index, without flags, and ranges fill their pages.

Closing a range changes a column of both indexes, so its new version can never stay on the page without them: the room
that was left for that was never used. Rows written before keep it until the table is rewritten.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0042_when_the_ended_was_seen")]

    operations = [
        AddIndexConcurrently(
            model_name="presence",
            index=models.Index(fields=["track", "component"], include=("from_seq", "to_seq"), name="presence_in_track"),
        ),
        RemoveIndexConcurrently(model_name="presence", name="presence_of_track"),
        migrations.RunSQL(
            "ALTER TABLE inventory_presence RESET (fillfactor)", "ALTER TABLE inventory_presence SET (fillfactor = 90)"
        ),
    ]
