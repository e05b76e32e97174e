"""Tables of advisories and of statements about products (VEX)."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0004_audit_search_path'),
        ('inventory', '0015_evidence_kinds'),
    ]

    operations = [
        migrations.CreateModel(
            name='Advisory',
            fields=[
                ('id', models.AutoField(primary_key=True, serialize=False)),
                ('source', models.CharField(db_collation='C', db_comment='Whose record it is: GHSA, PYSEC, MAL, list', max_length=255)),
                ('identifier', models.CharField(db_collation='C', db_comment='As first written', max_length=255)),
                ('identifier_key', models.CharField(db_collation='C', db_comment='Upper case: ids are compared so', max_length=255)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('identifier_key', 'source'), name='advisory_once'), models.CheckConstraint(condition=models.Q(('identifier', ''), _negated=True), name='advisory_has_identifier')],
            },
        ),
        migrations.CreateModel(
            name='AdvisoryVersion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('content_hash', models.BinaryField(db_comment='SHA-256 over all that was read of it')),
                ('summary', models.CharField(blank=True, max_length=500)),
                ('severity', models.CharField(blank=True, db_comment='CVSS vector or word, as written', max_length=255)),
                ('aliases', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), db_comment='Other names of the same thing; not `upstream`', default=list, size=None)),
                ('upstream', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), db_comment='What it was made from: other advisories, no aliases', default=list, size=None)),
                ('affected_count', models.IntegerField(db_comment='Entries of the record, read or not')),
                ('modified_at', models.DateTimeField(db_comment='As the record says; NULL where it says none', null=True)),
                ('published_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('advisory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='inventory.advisory')),
            ],
        ),
        migrations.CreateModel(
            name='AdvisorySighting',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('record_digest', models.BinaryField(db_comment="SHA-256 of the record's bytes: equal ones are not read again")),
                ('pointer', models.CharField(blank=True, db_comment="Where in the document; a zip's entry", max_length=1024)),
                ('seen_at', models.DateTimeField()),
                ('advisory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.advisory')),
                ('evidence', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.evidence')),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.advisoryversion')),
            ],
        ),
        migrations.CreateModel(
            name='AdvisoryAlias',
            fields=[
                ('pk', models.CompositePrimaryKey('name_key', 'version_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('name_key', models.CharField(db_collation='C', db_comment='Upper case', max_length=255)),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.advisoryversion')),
            ],
        ),
        migrations.CreateModel(
            name='AffectedPackage',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.IntegerField(db_comment="Place in the record's list")),
                ('ecosystem', models.CharField(blank=True, db_comment='As written: `Debian:12`', max_length=255)),
                ('name', models.CharField(db_comment='As written', max_length=1024)),
                ('type', models.CharField(blank=True, db_collation='C', db_comment="purl type; '' for one unknown", max_length=32)),
                ('namespace_key', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('name_key', models.CharField(db_collation='C', max_length=1024)),
                ('release', models.CharField(blank=True, db_comment="The distribution's release it is about, as `debian-12`; '' for all", max_length=255)),
                ('versions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=1024), default=list, size=None)),
                ('ranges', models.TextField(blank=True, db_comment="The record's `ranges` as JSON text, or a native range")),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='affected', to='inventory.advisoryversion')),
            ],
        ),
        migrations.CreateModel(
            name='VexStatement',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.IntegerField(db_comment="Place among the document's statements")),
                ('pointer', models.CharField(blank=True, max_length=1024)),
                ('vulnerability', models.CharField(db_comment='As written', max_length=255)),
                ('names', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), db_comment='The vulnerability and its aliases, in upper case', size=None)),
                ('status', models.CharField(choices=[('not_affected', 'not_affected'), ('affected', 'affected'), ('fixed', 'fixed'), ('under_investigation', 'under_investigation')], max_length=32)),
                ('status_given', models.CharField(blank=True, max_length=64)),
                ('justification', models.CharField(blank=True, max_length=64)),
                ('justification_given', models.CharField(blank=True, max_length=255)),
                ('impact', models.TextField(blank=True)),
                ('action', models.TextField(blank=True)),
                ('issuer', models.CharField(blank=True, max_length=1024)),
                ('document_id', models.CharField(blank=True, max_length=1024)),
                ('stated_at', models.DateTimeField(db_comment='As the statement or document says, else when it was received')),
                ('evidence', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.evidence')),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
            ],
        ),
        migrations.CreateModel(
            name='VexProduct',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.IntegerField()),
                ('parent', models.IntegerField(db_comment='Position of the product it is a subcomponent of', null=True)),
                ('given', models.CharField(db_comment='As the document names it', max_length=2048)),
                ('type', models.CharField(blank=True, db_collation='C', max_length=32)),
                ('namespace_key', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('name_key', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('version', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('version_range', models.TextField(blank=True)),
                ('digest', models.CharField(blank=True, db_collation='C', max_length=140)),
                ('cpe', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('statement', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='inventory.vexstatement')),
            ],
        ),
        migrations.AddConstraint(
            model_name='advisoryversion',
            constraint=models.UniqueConstraint(fields=('advisory', 'content_hash'), name='advisory_version_once'),
        ),
        migrations.AddConstraint(
            model_name='advisorysighting',
            constraint=models.UniqueConstraint(fields=('advisory', 'team', 'version'), name='advisory_sighting_once'),
        ),
        migrations.AddIndex(
            model_name='affectedpackage',
            index=models.Index(fields=['type', 'namespace_key', 'name_key'], name='affected_package_key'),
        ),
        migrations.AddIndex(
            model_name='affectedpackage',
            index=models.Index(fields=['name_key'], name='affected_package_name'),
        ),
        migrations.AddConstraint(
            model_name='affectedpackage',
            constraint=models.UniqueConstraint(fields=('version', 'position'), name='affected_package_place'),
        ),
        migrations.AddIndex(
            model_name='vexstatement',
            index=django.contrib.postgres.indexes.GinIndex(fields=['names'], name='vex_statement_names'),
        ),
        migrations.AddConstraint(
            model_name='vexstatement',
            constraint=models.UniqueConstraint(fields=('evidence', 'position'), name='vex_statement_place'),
        ),
        migrations.AddConstraint(
            model_name='vexstatement',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['not_affected', 'affected', 'fixed', 'under_investigation'])), name='vex_statement_status_known'),
        ),
        migrations.AddIndex(
            model_name='vexproduct',
            index=models.Index(fields=['type', 'namespace_key', 'name_key'], name='vex_product_key'),
        ),
        migrations.AddIndex(
            model_name='vexproduct',
            index=models.Index(condition=models.Q(('digest', ''), _negated=True), fields=['digest'], name='vex_product_digest'),
        ),
        migrations.AddConstraint(
            model_name='vexproduct',
            constraint=models.UniqueConstraint(fields=('statement', 'position'), name='vex_product_place'),
        ),
    ]
