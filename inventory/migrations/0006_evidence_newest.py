"""List evidence by its public id: made in the order of receipt, it can stand in a cursor."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0005_run_interval_reason")]

    operations = [
        migrations.RemoveIndex(model_name="evidence", name="evidence_team_newest"),
        migrations.AddIndex(
            model_name="evidence", index=models.Index(fields=["team", "-public_id"], name="evidence_team_newest")
        ),
    ]
