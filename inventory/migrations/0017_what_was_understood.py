"""What a reader understood of a document beside its counts: shown on its page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inventory", "0016_advisories")]

    operations = [
        migrations.AddField(
            model_name="evidencestate",
            name="understood",
            field=models.JSONField(
                db_default={},
                default=dict,
                db_comment="What the document says of itself and of its subject, by kind; shown, never filtered by",
            ),
        ),
    ]
