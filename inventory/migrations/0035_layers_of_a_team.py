"""The artifacts that a team's lists of layers name."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('inventory', '0034_base_spdx'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='imagelayer',
            index=models.Index(condition=models.Q(('position', 0)), fields=['team', 'artifact'], name='image_layer_team'),
        ),
    ]
