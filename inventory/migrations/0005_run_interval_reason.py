"""An open interval has no reason for its end; the check compared with NULL, which refuses nothing. Two comments follow."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0002_audit_chain'),
        ('inventory', '0004_run_interval_reporter'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='runinterval',
            name='run_interval_end',
        ),
        migrations.AlterField(
            model_name='runinterval',
            name='reporter',
            field=models.ForeignKey(db_comment="Whose reports open and close it: the cluster's team for its and bound keys, else the key's team", db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team'),
        ),
        migrations.AlterField(
            model_name='snapshot',
            name='outline',
            field=models.BinaryField(db_comment='zstd; where each component stands and its parent on a shortest path (graph/outline.py)'),
        ),
        migrations.AddConstraint(
            model_name='runinterval',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('close_reason', ''), ('closed_at__isnull', True)), models.Q(('closed_at__gte', models.F('opened_at')), ('closed_at__isnull', False), models.Q(('close_reason', ''), _negated=True)), _connector='OR'), name='run_interval_end'),
        ),
    ]
