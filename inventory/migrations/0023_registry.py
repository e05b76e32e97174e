"""Registries: the layers of images, and who saw where a tag pointed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0004_audit_search_path'),
        ('inventory', '0022_checked_in_sets'),
    ]

    operations = [
        migrations.AddField(
            model_name='tagevent',
            name='source',
            field=models.CharField(choices=[('registry', 'Registry')], db_default='registry', max_length=16),
        ),
        migrations.AlterField(
            model_name='tagevent',
            name='action',
            field=models.CharField(choices=[('push', 'push'), ('pull', 'pull'), ('delete', 'delete'), ('mount', 'mount')], max_length=8),
        ),
        migrations.CreateModel(
            name='ImageLayer',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.SmallIntegerField(db_comment='From the bottom, from 0')),
                ('digest', models.CharField(db_collation='C', max_length=140)),
                ('is_diff_id', models.BooleanField(db_comment='Of the unpacked layer: the artifact is a config')),
                ('artifact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.artifact')),
                ('evidence', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.evidence')),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
            ],
            options={
                'indexes': [models.Index(fields=['digest'], name='image_layer_digest')],
                'constraints': [models.UniqueConstraint(fields=('artifact', 'team', 'position'), name='image_layer_once')],
            },
        ),
    ]
