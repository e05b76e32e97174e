"""The timeline tells who took the evidence pack: a choice of the field, no change of the table."""

from django.db import migrations, models

KINDS = (
    "opened", "asked", "question_changed", "found", "stage", "severity", "owner", "title", "flag", "note",
    "team_concerned", "acknowledged", "closed", "reopened", "action", "exported",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("incidents", "0005_containment_actions")]
    operations = [
        migrations.AlterField(
            model_name="incidentevent",
            name="kind",
            field=models.CharField(choices=[(kind, kind) for kind in KINDS], max_length=32),
        ),
    ]
