"""Find the artifacts of one team among those of all: a small team's list must not walk the whole table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0006_evidence_newest")]

    operations = [
        migrations.AddIndex(
            model_name="artifactname", index=models.Index(fields=["team", "artifact"], name="artifact_name_team")
        ),
        migrations.AddIndex(model_name="indexmember", index=models.Index(fields=["team"], name="index_member_team")),
        migrations.AddIndex(
            model_name="artifactalias", index=models.Index(fields=["team"], name="artifact_alias_team")
        ),
        migrations.AddIndex(
            model_name="runinterval", index=models.Index(fields=["team", "artifact"], name="run_interval_team")
        ),
    ]
