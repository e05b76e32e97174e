"""Go's packages that an advisory names beside their module, and what stands against a mapping that is a guess."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0029_builds'),
    ]

    operations = [
        migrations.AddField(
            model_name='affectedpackage',
            name='imports',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=1024), db_comment='Go: which packages of the module are meant, by their paths; empty for all', db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='affectedpackage',
            name='doubt',
            field=models.CharField(blank=True, db_comment='Why what matches is possible at most', db_default='', max_length=255),
        ),
    ]
