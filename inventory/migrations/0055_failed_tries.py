"""Why each try of a document failed is kept with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0054_findings")]

    operations = [
        migrations.AddField(
            model_name="evidencestate",
            name="failed_tries",
            field=models.JSONField(
                db_default=[],
                default=list,
                db_comment="{attempt, code, message, error, place, worker, at, seconds} of each try that failed and said why",
            ),
        ),
    ]
