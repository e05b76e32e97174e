"""Lists of indicators as evidence, and which version of a list a record is."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0026_track_stated'),
    ]

    operations = [
        migrations.AddField(
            model_name='advisoryversion',
            name='feed_version',
            field=models.CharField(blank=True, db_comment='Which version of a list it is, as its sender says', db_default='', max_length=255),
        ),
        migrations.AlterField(
            model_name='advisoryversion',
            name='affected_count',
            field=models.IntegerField(db_comment='Entries of the record, read or not; indicators of a list'),
        ),
        migrations.AlterField(
            model_name='evidence',
            name='declared_kind',
            field=models.CharField(blank=True, choices=[('sbom', 'Sbom'), ('deployment', 'Deployment'), ('snapshot', 'Snapshot'), ('image', 'Image'), ('registry', 'Registry'), ('attestation', 'Attestation'), ('vex', 'Vex'), ('advisory', 'Advisory'), ('posture', 'Posture'), ('workflow', 'Workflow'), ('list', 'List')], max_length=32),
        ),
        migrations.CreateModel(
            name='ListedIndicator',
            fields=[
                ('pk', models.CompositePrimaryKey('version_id', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('position', models.IntegerField()),
                ('line', models.IntegerField()),
                ('kind', models.CharField(db_comment='IndicatorKind: what it was taken for', max_length=32)),
                ('given', models.CharField(blank=True, db_comment='As written, cut', max_length=2000)),
                ('type', models.CharField(blank=True, db_collation='C', db_comment="purl type; '' for any", max_length=32)),
                ('namespace_key', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('any_namespace', models.BooleanField(db_comment='A bare name: looked for in every namespace', db_default=False)),
                ('name_key', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('versions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=1024), default=list, size=None)),
                ('version_range', models.TextField(blank=True, db_comment='A `vers:` text; of a bare name the range as written')),
                ('value', models.CharField(blank=True, db_comment="Package purl, digest, `algorithm:hash`, image name or advisory's id", max_length=2048)),
                ('details', models.JSONField(db_comment='What is left of the indicator, to show it as it was read', default=dict)),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='listed', to='inventory.advisoryversion')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('name_key', ''), _negated=True), fields=['name_key', 'type'], name='listed_indicator_name')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind', ''), _negated=True), name='listed_indicator_kind_told'), models.CheckConstraint(condition=models.Q(('kind', 'package'), ('name_key', ''), _negated=True), name='listed_indicator_package_named')],
            },
        ),
    ]
