"""Runs of builds, what they used, and what the steps of workflows download."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


# What provenance was told of before there were runs. Jobs that were read before keep NULL for what nobody kept.
FILL = r"""
WITH told AS (
    SELECT DISTINCT ON (p.attestation_id) a.team_id, s.evidence_id, p.attestation_id, s.position, s.pointer,
        CASE WHEN p.repository ~* '^(github[.]com|gitlab[.]com|bitbucket[.]org|codeberg[.]org)/' THEN lower(p.repository)
             ELSE p.repository END AS repository,
        coalesce(substring(p.invocation_id FROM '/actions/runs/([0-9]{1,30})'),
                 substring(p.invocation_id FROM '^([0-9]{1,30})-[0-9]{1,9}$'),
                 substring(p.builder_id FROM '/actions/runs/([0-9]{1,30})'), '') AS run_id,
        nullif(coalesce(substring(p.invocation_id FROM '/attempts/([0-9]{1,9})'),
                        substring(p.invocation_id FROM '^[0-9]{1,30}-([0-9]{1,9})$'))::int, 0) AS attempt,
        p.workflow_path, p.commit, p.ref, p.event, p.runner_environment, p.started_at, p.finished_at
    FROM inventory_provenance p
    JOIN inventory_attestation a ON a.id = p.attestation_id
    JOIN inventory_attestationsource s ON s.attestation_id = p.attestation_id
    ORDER BY p.attestation_id, s.id
)
INSERT INTO inventory_buildrun (team_id, evidence_id, attestation_id, position, pointer, repository, run_id, attempt,
    workflow_path, commit, ref, event, runner_environment, actor, started_at, finished_at)
SELECT team_id, evidence_id, attestation_id, position, pointer, repository, run_id, attempt, workflow_path, commit, ref,
    event, runner_environment, '', started_at, finished_at
FROM told;
INSERT INTO inventory_resolvedaction (run_id, owner_repository, path, ref, commit)
SELECT DISTINCT u.id, u.name, '', left(u.ref, 255), u.commit
FROM (
    SELECT r.id, r.repository, r.commit AS own, d.commit,
        regexp_replace(substring(lower(d.uri) FROM '^(?:git[+])?https?://github[.]com/([^/@#?]+/[^/@#?]+)'), '[.]git$', '')
            AS name,
        coalesce(substring(d.uri FROM '@(?:refs/(?:tags|heads)/)?(.+)$'), '') AS ref
    FROM inventory_buildrun r JOIN inventory_provenancedependency d ON d.provenance_id = r.attestation_id
    WHERE d.commit <> ''
) u
WHERE u.name IS NOT NULL AND length(u.name) <= 255
  AND NOT ('github.com/' || u.name = u.repository AND u.commit = u.own);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0004_audit_search_path'),
        ('inventory', '0028_made_from'),
    ]

    operations = [
        migrations.AddField(
            model_name='workflowjob',
            name='env',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), db_comment='Names of variables. NULL: read before these, roles and downloads were kept', null=True, size=None),
        ),
        migrations.AddField(
            model_name='workflowjob',
            name='roles',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), db_comment='Cloud roles that steps sign in as', null=True, size=None),
        ),
        migrations.CreateModel(
            name='BuildRun',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.IntegerField(db_comment='Among the runs of the document, from 0')),
                ('pointer', models.CharField(blank=True, max_length=4000)),
                ('repository', models.CharField(blank=True, db_collation='C', db_comment='host/owner/name', max_length=1024)),
                ('run_id', models.CharField(blank=True, db_collation='C', max_length=64)),
                ('attempt', models.IntegerField(db_comment='From 1', null=True)),
                ('workflow_path', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('commit', models.CharField(blank=True, db_collation='C', max_length=64)),
                ('ref', models.CharField(blank=True, max_length=1024)),
                ('event', models.CharField(blank=True, max_length=255)),
                ('runner_environment', models.CharField(blank=True, max_length=255)),
                ('actor', models.CharField(blank=True, max_length=255)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('attestation', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='build_run', to='inventory.attestation')),
                ('evidence', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.evidence')),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
            ],
        ),
        migrations.CreateModel(
            name='ResolvedAction',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('owner_repository', models.CharField(db_collation='C', db_comment='Lower case', max_length=255)),
                ('path', models.CharField(blank=True, max_length=1024)),
                ('ref', models.CharField(blank=True, max_length=255)),
                ('commit', models.CharField(blank=True, db_collation='C', db_comment='Empty: nobody saw which', max_length=64)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='inventory.buildrun')),
            ],
        ),
        migrations.CreateModel(
            name='ToolDownload',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('job', models.CharField(blank=True, max_length=255)),
                ('step', models.IntegerField(db_comment='From 0')),
                ('url', models.CharField(db_collation='C', db_comment='Without scheme, query and fragment', max_length=2048)),
                ('is_run', models.BooleanField(db_comment='A shell runs it as it arrives')),
                ('check_kind', models.CharField(choices=[('none', 'none'), ('checksum', 'checksum'), ('fetched_checksum', 'fetched_checksum'), ('signature', 'signature')], max_length=32)),
                ('checksums', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=140), db_comment='In the script, as sha256:…', default=list, size=None)),
                ('line', models.IntegerField()),
                ('workflow', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='downloads', to='inventory.workflowversion')),
            ],
        ),
        migrations.AddIndex(
            model_name='buildrun',
            index=models.Index(fields=['repository', 'workflow_path', 'started_at'], name='build_run_workflow'),
        ),
        migrations.AddIndex(
            model_name='buildrun',
            index=models.Index(fields=['repository', 'run_id', 'attempt'], name='build_run_number'),
        ),
        migrations.AddIndex(
            model_name='buildrun',
            index=models.Index(fields=['started_at'], name='build_run_started'),
        ),
        migrations.AddConstraint(
            model_name='buildrun',
            constraint=models.UniqueConstraint(condition=models.Q(('attestation__isnull', True)), fields=('evidence', 'position'), name='build_run_once'),
        ),
        migrations.AddConstraint(
            model_name='buildrun',
            constraint=models.CheckConstraint(condition=models.Q(('attempt__isnull', True), ('attempt__gte', 1), _connector='OR'), name='build_run_attempt'),
        ),
        migrations.AddIndex(
            model_name='resolvedaction',
            index=models.Index(fields=['owner_repository', 'commit'], name='resolved_action_of'),
        ),
        migrations.AddIndex(
            model_name='tooldownload',
            index=models.Index(fields=['url'], name='tool_download_url'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
