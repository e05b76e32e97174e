"""Find the records of a feed that a team has already, by their bytes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0004_audit_search_path'),
        ('inventory', '0018_posture'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='advisorysighting',
            index=models.Index(fields=['team', 'record_digest'], name='advisory_sighting_bytes'),
        ),
    ]
