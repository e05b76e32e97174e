"""Repeat in the projection whether an SBOM counts as complete, and drop from it the SBOMs that list nothing."""

from django.db import migrations, models

FILL = """
UPDATE inventory_running r SET is_complete = n.is_complete
FROM inventory_snapshot n WHERE n.track_id = r.track_id AND n.seq = r.seq AND n.is_complete;
DELETE FROM inventory_running r
USING inventory_snapshot n WHERE n.track_id = r.track_id AND n.seq = r.seq AND n.distinct_count = 0;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0007_artifacts_of_a_team")]

    operations = [
        migrations.AddField(
            model_name="running",
            name="is_complete",
            field=models.BooleanField(
                db_comment="The snapshot's, repeated here for the coverage figures", default=False
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
