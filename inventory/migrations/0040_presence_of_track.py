"""What a track holds and the versions of a package are read from an index alone; the planner knows how rare they are.

A sample of millions of ranges shows it each component many times more often than it is, and then it reads whole tables.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

KNOW = """
ALTER TABLE inventory_presence ALTER COLUMN component_id SET (n_distinct = -0.2);
ANALYZE inventory_presence;
"""
FORGET = "ALTER TABLE inventory_presence ALTER COLUMN component_id RESET (n_distinct);"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('inventory', '0039_images_built_on'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='presence',
            index=models.Index(fields=['track', 'component'], include=('from_seq', 'to_seq', 'flags'), name='presence_of_track'),
        ),
        RemoveIndexConcurrently(model_name='presence', name='presence_track'),
        AddIndexConcurrently(
            model_name='component',
            index=models.Index(fields=['package'], include=('id', 'version'), name='component_of_package'),
        ),
        migrations.AlterField(
            model_name='component',
            name='package',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='components', to='inventory.package'),
        ),
        migrations.RunSQL(KNOW, FORGET),
    ]
