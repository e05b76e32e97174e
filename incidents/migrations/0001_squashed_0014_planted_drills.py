"""All of 0001 to 0014 at once, for a database that has none of them; one that has some goes on by those.

Columns stand in the order in which they came, so that both ways end in the same tables (CONTRIBUTING.md says how to
compare).
"""

import django.db.models.deletion
import supplychain.ids
from django.conf import settings
from django.db import migrations, models

from supplychain.database.fresh_tables import CreateTogether


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('incidents', '0001_initial'),
        ('incidents', '0002_rows_put_in_order_later'),
        ('incidents', '0003_asker_by_hash'),
        ('incidents', '0004_incident'),
        ('incidents', '0005_containment_actions'),
        ('incidents', '0006_exported_event'),
        ('incidents', '0007_live'),
        ('incidents', '0008_recovery'),
        ('incidents', '0009_legal_reports'),
        ('incidents', '0010_drills'),
        ('incidents', '0011_watches'),
        ('incidents', '0012_live_verdicts'),
        ('incidents', '0013_stamped_when_changed'),
        ('incidents', '0014_planted_drills'),
    ]

    dependencies = [
        ('access', '0005_who_cannot_read_appends_as_the_system'),
        ('inventory', '0041_withdrawn_root_versions'),  # not needed: as there
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateTogether(
            models=[
                migrations.CreateModel(
                    name='ImpactPage',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('public_id', models.UUIDField(default=supplychain.ids.uuid7, editable=False, unique=True)),
                        ('asker', models.CharField(db_comment='Who may continue: SHA-256 of the key or user and the teams they see', max_length=64)),
                        ('question_hash', models.CharField(db_comment='sha256 of the question; a cursor answers no other', max_length=71)),
                        ('answer_hash', models.CharField(max_length=71)),
                        ('data_as_of', models.DateTimeField()),
                        ('artifacts', models.BinaryField(db_comment='Artifact ids in the order of the rows, int32 big-endian; empty: not in order yet', default=b'')),
                        ('classes', models.BinaryField(db_comment='One byte a row: its class (incidents/impact/statements.py)', default=b'')),
                        ('header', models.JSONField(db_comment='asked, coverage, summary, clusters as the first page gave them; shown, never filtered by')),
                        ('expires_at', models.DateTimeField()),
                        ('statuses', models.BinaryField(db_comment='zlib; a byte for each artifact id: its class plus one, 0 for no row')),
                        ('runs', models.BinaryField(db_comment='zlib; ids of the rows that run, then how many workloads, int32 big-endian')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['expires_at'], name='impact_page_expiry')],
                    },
                ),
                migrations.CreateModel(
                    name='Incident',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('public_id', models.UUIDField(default=supplychain.ids.uuid7, editable=False, unique=True)),
                        ('title', models.CharField(max_length=200)),
                        ('severity', models.CharField(choices=[('critical', 'critical'), ('high', 'high'), ('medium', 'medium'), ('low', 'low')], max_length=16)),
                        ('stage', models.CharField(choices=[('open', 'open'), ('scoping', 'scoping'), ('containing', 'containing'), ('eradicating', 'eradicating'), ('recovering', 'recovering'), ('closed', 'closed')], max_length=16)),
                        ('question', models.JSONField(db_comment='What is asked, as it was given last (docs/api.md, The incident question)')),
                        ('is_exploited', models.BooleanField(db_comment='A vulnerability of a product of ours is exploited', default=False)),
                        ('is_severe', models.BooleanField(db_comment='A severe incident of a product of ours', default=False)),
                        ('aware_at', models.DateTimeField(db_comment='From when the legal clocks run', null=True)),
                        ('fixed_at', models.DateTimeField(db_comment='When a corrective measure was available', null=True)),
                        ('opened_by', models.CharField(max_length=200)),
                        ('opened_at', models.DateTimeField()),
                        ('changed_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('version', models.IntegerField(default=1)),
                        ('run_count', models.IntegerField(default=0)),
                        ('event_count', models.IntegerField(default=0)),
                        ('owner', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('team', models.ForeignKey(db_comment='Through whose eyes it is asked; NULL: through those of who sees all', db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['-public_id'], name='incident_open')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('stage', 'closed')), models.Q(models.Q(('stage', 'closed'), _negated=True), ('closed_at__isnull', True)), _connector='OR'), name='incident_closed_when'), models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='incident_has_a_title'), models.CheckConstraint(condition=models.Q(('changed_at__gte', models.F('opened_at'))), name='incident_times')],
                    },
                ),
                migrations.CreateModel(
                    name='IncidentEvent',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('number', models.IntegerField(db_comment='From 1, in the order it happened')),
                        ('kind', models.CharField(choices=[('opened', 'opened'), ('asked', 'asked'), ('question_changed', 'question_changed'), ('found', 'found'), ('stage', 'stage'), ('severity', 'severity'), ('owner', 'owner'), ('title', 'title'), ('flag', 'flag'), ('note', 'note'), ('team_concerned', 'team_concerned'), ('acknowledged', 'acknowledged'), ('closed', 'closed'), ('reopened', 'reopened'), ('action', 'action'), ('exported', 'exported'), ('recovered', 'recovered'), ('recovery_lost', 'recovery_lost'), ('milestone', 'milestone'), ('unproven_accepted', 'unproven_accepted'), ('reported', 'reported')], max_length=32)),
                        ('at', models.DateTimeField()),
                        ('actor', models.CharField(max_length=200)),
                        ('text', models.TextField(blank=True)),
                        ('details', models.JSONField(default=dict)),
                        ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='incidents.incident')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('incident', 'number'), name='incident_event_number')],
                    },
                ),
                migrations.CreateModel(
                    name='IncidentTeam',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('since', models.DateTimeField()),
                        ('acknowledged_at', models.DateTimeField(null=True)),
                        ('acknowledged_by', models.CharField(blank=True, max_length=200)),
                        ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='teams', to='incidents.incident')),
                        ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['team', 'incident'], name='incident_team_of')],
                        'constraints': [models.UniqueConstraint(fields=('incident', 'team'), name='incident_team_once')],
                    },
                ),
                migrations.CreateModel(
                    name='QueryRun',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('number', models.IntegerField(db_comment='From 1')),
                        ('occasion', models.CharField(choices=[('opened', 'opened'), ('asked', 'asked'), ('changed', 'changed'), ('evidence', 'evidence')], max_length=16)),
                        ('asked_by', models.CharField(max_length=200)),
                        ('asked_at', models.DateTimeField()),
                        ('took_ms', models.IntegerField()),
                        ('question', models.JSONField(db_comment='As it was given')),
                        ('question_hash', models.CharField(max_length=71)),
                        ('answer_hash', models.CharField(max_length=71)),
                        ('data_as_of', models.DateTimeField()),
                        ('header', models.JSONField(db_comment='asked, backlog, coverage, summary, clusters: as answered, never filtered by')),
                        ('row_count', models.IntegerField()),
                        ('content_digest', models.CharField(db_comment='SHA-256 over those of the header and of its pages', max_length=71)),
                        ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='incidents.incident')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('incident', 'number'), name='query_run_number')],
                    },
                ),
                migrations.CreateModel(
                    name='QueryRunPage',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('number', models.IntegerField(db_comment='From 0')),
                        ('rows', models.BinaryField(db_comment='zlib of the JSON list')),
                        ('row_count', models.IntegerField()),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pages', to='incidents.queryrun')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'number'), name='query_run_page_number')],
                    },
                ),
                migrations.CreateModel(
                    name='ContainmentAction',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('number', models.IntegerField(db_comment='From 1')),
                        ('kind', models.CharField(choices=[('block', 'block'), ('freeze', 'freeze'), ('rotate', 'rotate'), ('revoke', 'revoke'), ('rebuild', 'rebuild'), ('redeploy', 'redeploy'), ('notify', 'notify')], max_length=16)),
                        ('target', models.JSONField(db_comment='What it is done to (docs/api.md, Actions); shown, never filtered by')),
                        ('target_hash', models.CharField(db_comment='SHA-256 of kind and target: the same is not done twice', max_length=71)),
                        ('title', models.CharField(max_length=300)),
                        ('due_at', models.DateTimeField(null=True)),
                        ('run_number', models.IntegerField(db_comment='The answer it rests on')),
                        ('evidence_before', models.JSONField(db_comment='What the answer said of the target when it was made', default=dict)),
                        ('evidence_after', models.JSONField(db_comment='What came in once it was done; NULL: not done', null=True)),
                        ('block', models.UUIDField(db_comment='Public id of the block or freeze that it put in force', null=True)),
                        ('is_basis_withdrawn', models.BooleanField(db_comment='The newest answer no longer says so', default=False)),
                        ('state', models.CharField(choices=[('open', 'open'), ('done', 'done'), ('reverted', 'reverted'), ('withdrawn', 'withdrawn')], max_length=16)),
                        ('made_by', models.CharField(max_length=200)),
                        ('made_at', models.DateTimeField()),
                        ('changed_at', models.DateTimeField()),
                        ('done_by', models.CharField(blank=True, max_length=200)),
                        ('done_at', models.DateTimeField(null=True)),
                        ('version', models.IntegerField(default=1)),
                        ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='incidents.incident')),
                        ('owner', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('team', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('incident', 'number'), name='containment_action_number'), models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'done'])), fields=('incident', 'target_hash'), name='containment_action_once'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'done', 'reverted', 'withdrawn'])), name='containment_action_state'), models.CheckConstraint(condition=models.Q(('owner__isnull', True), ('team__isnull', True), _connector='OR'), name='containment_action_one_owner'), models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('state__in', ['done', 'reverted'])), models.Q(('done_at__isnull', True), ('state__in', ['open', 'withdrawn'])), _connector='OR'), name='containment_action_done_when')],
                    },
                ),
                migrations.CreateModel(
                    name='FollowedEvidence',
                    fields=[
                        ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                        ('sequence', models.BigIntegerField(db_comment='Everything applied up to here was looked at, but what is missing')),
                        ('missing', models.JSONField(db_comment='{applied_sequence: since when}: drawn by transactions that had not committed', default=dict)),
                        ('marks', models.CharField(blank=True, db_comment='Of what ran when it was looked at last', max_length=32)),
                        ('rests_until', models.DateTimeField(db_comment='Nobody asks before: asking has a share of one worker, not all')),
                        ('verdict', models.BigIntegerField(db_comment='The newest evaluation of a signature that was looked at', default=0)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='followed_evidence_one_row')],
                    },
                ),
                migrations.CreateModel(
                    name='LiveQuestion',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('touched_at', models.DateTimeField(db_comment='Evidence came that can change rows; NULL: none since', null=True)),
                        ('unsettled_at', models.DateTimeField(db_comment='Evidence came that can change counts; NULL: none since', null=True)),
                        ('asked_at', models.DateTimeField(db_comment='When it was asked by itself last', null=True)),
                        ('took_ms', models.IntegerField(default=0)),
                        ('ran', models.CharField(blank=True, db_comment='Of what ran of its rows when it was looked at last', max_length=32)),
                        ('problem', models.CharField(blank=True, db_comment='Why it could not be asked; empty: it could', max_length=500)),
                        ('incident', models.OneToOneField(db_comment='NULL: of a watch', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='live', to='incidents.incident')),
                        ('watch', models.OneToOneField(db_comment='NULL: of an incident', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='live', to='incidents.watch')),
                        ('stamped', models.CharField(blank=True, db_comment='Of all that proofs rest on, when it was stamped', db_default='', default='', max_length=200)),
                        ('stamped_at', models.DateTimeField(db_comment='When its recovery was looked at last; NULL: never', null=True)),
                        ('stamp_ms', models.IntegerField(db_comment='How long that took', db_default=0, default=0)),
                        ('proofs', models.CharField(blank=True, db_comment='Of how its proofs stood then', db_default='', default='', max_length=32)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('took_ms__gte', 0)), name='live_question_took'), models.CheckConstraint(condition=models.Q(models.Q(('incident__isnull', False), ('watch__isnull', True)), models.Q(('incident__isnull', True), ('watch__isnull', False)), _connector='OR'), name='live_question_of_one'), models.CheckConstraint(condition=models.Q(('stamp_ms__gte', 0)), name='live_question_stamp')],
                    },
                ),
                migrations.CreateModel(
                    name='IncidentService',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('service', models.CharField(blank=True, db_comment='Empty: `workload` belongs to no service', max_length=255)),
                        ('workload', models.CharField(blank=True, db_comment='cluster/namespace/kind/name', max_length=1024)),
                        ('run_number', models.IntegerField(db_comment='The first answer that found it')),
                        ('since', models.DateTimeField()),
                        ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='services', to='incidents.incident')),
                        ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('incident', 'team', 'service', 'workload'), name='incident_service_once'), models.CheckConstraint(condition=models.Q(models.Q(('service', ''), models.Q(('workload', ''), _negated=True)), models.Q(models.Q(('service', ''), _negated=True), ('workload', '')), _connector='OR'), name='incident_service_or_workload')],
                    },
                ),
                migrations.CreateModel(
                    name='IncidentPlace',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('digest', models.CharField(db_collation='C', db_comment="What the answer's row is about", max_length=140)),
                        ('cluster', models.CharField(max_length=255)),
                        ('namespace', models.CharField(max_length=255)),
                        ('kind', models.CharField(max_length=64)),
                        ('name', models.CharField(max_length=255)),
                        ('container', models.CharField(max_length=255)),
                        ('run_number', models.IntegerField()),
                        ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='places', to='incidents.incidentservice')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('service', 'digest', 'cluster', 'namespace', 'kind', 'name', 'container'), name='incident_place_once')],
                    },
                ),
                migrations.CreateModel(
                    name='RecoveryStamp',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('number', models.IntegerField(db_comment='From 1')),
                        ('is_recovered', models.BooleanField()),
                        ('at', models.DateTimeField()),
                        ('run_number', models.IntegerField(db_comment='The newest answer then')),
                        ('proofs', models.JSONField(db_comment='The seven proofs as they were found; shown, never filtered by')),
                        ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stamps', to='incidents.incidentservice')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('service', 'number'), name='recovery_stamp_number')],
                    },
                ),
                migrations.CreateModel(
                    name='LegalReport',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('duty', models.CharField(max_length=32)),
                        ('report', models.CharField(max_length=32)),
                        ('sent_at', models.DateTimeField()),
                        ('reference', models.CharField(blank=True, db_comment='As the authority gave it', max_length=300)),
                        ('told_by', models.CharField(max_length=200)),
                        ('told_at', models.DateTimeField()),
                        ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='incidents.incident')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('incident', 'duty', 'report'), name='legal_report_once'), models.CheckConstraint(condition=models.Q(('told_at__gte', models.F('sent_at'))), name='legal_report_was_sent')],
                    },
                ),
                migrations.CreateModel(
                    name='Drill',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('public_id', models.UUIDField(default=supplychain.ids.uuid7, editable=False, unique=True)),
                        ('component', models.CharField(blank=True, db_comment='The purl with version that is rehearsed; empty: one picked at random', max_length=2048)),
                        ('started_by', models.CharField(max_length=200)),
                        ('started_at', models.DateTimeField()),
                        ('planted', models.JSONField(db_comment='Digests that it was planted in for the drill, each with its evidence', db_default=[], default=list)),
                    ],
                ),
                migrations.CreateModel(
                    name='DrillResult',
                    fields=[
                        ('drill', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='result', serialize=False, to='incidents.drill')),
                        ('component', models.CharField(blank=True, max_length=2048)),
                        ('waited_ms', models.BigIntegerField(db_comment='From the start until a worker began')),
                        ('list_ms', models.IntegerField(db_comment='From the beginning of the work to the whole answer', null=True)),
                        ('block_ms', models.IntegerField(db_comment='The same until the gate would refuse all of it', null=True)),
                        ('count_ms', models.IntegerField(db_comment='How long the count by hand took; nobody waits for it', null=True)),
                        ('listed_count', models.IntegerField(db_comment='Running artifacts in the answer', default=0)),
                        ('expected_count', models.IntegerField(db_comment='Running artifacts by the count by hand', default=0)),
                        ('found_count', models.IntegerField(db_comment='Of the expected, those in the answer', default=0)),
                        ('blocked_count', models.IntegerField(db_comment='Of those listed, what a block would hit', default=0)),
                        ('missing', models.JSONField(db_comment='Digests that were expected and not listed, at most 100', default=list)),
                        ('document_count', models.IntegerField(db_comment='Documents that the count by hand read', default=0)),
                        ('unread_count', models.IntegerField(db_comment='Documents that it could not read or bind', default=0)),
                        ('answer_hash', models.CharField(blank=True, max_length=71)),
                        ('problem', models.CharField(blank=True, db_comment='Why it could not be done, or was not passed', max_length=500)),
                        ('is_passed', models.BooleanField()),
                        ('finished_at', models.DateTimeField()),
                        ('channel_count', models.IntegerField(db_comment='Channels that are marked for drills', db_default=0, default=0)),
                        ('notify_ms', models.IntegerField(db_comment='The same until every channel marked for drills was told', null=True)),
                        ('searchable_ms', models.BigIntegerField(db_comment='From the start until what was planted could be found; NULL: nothing was planted', null=True)),
                        ('told_count', models.IntegerField(db_comment='Of these, those that took the message', db_default=0, default=0)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('is_passed', False), models.Q(('expected_count__gt', 0), ('found_count', models.F('expected_count')), ('problem', '')), _connector='OR'), name='drill_passed_found_all'), models.CheckConstraint(condition=models.Q(('is_passed', True), models.Q(('problem', ''), _negated=True), _connector='OR'), name='drill_failed_says_why'), models.CheckConstraint(condition=models.Q(('found_count__lte', models.F('expected_count'))), name='drill_found_of_expected'), models.CheckConstraint(condition=models.Q(('told_count__lte', models.F('channel_count'))), name='drill_told_of_channels')],
                    },
                ),
                migrations.CreateModel(
                    name='WatchHit',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('public_id', models.UUIDField(default=supplychain.ids.uuid7, editable=False, unique=True)),
                        ('artifact', models.CharField(db_comment='Its digest; its name where it has none', max_length=1024)),
                        ('name', models.CharField(blank=True, max_length=1024)),
                        ('indicator', models.CharField(db_comment='What of the question matched, as it was given', max_length=1024)),
                        ('sight', models.CharField(choices=[('found', 'found'), ('running', 'running')], max_length=16)),
                        ('status', models.CharField(max_length=16)),
                        ('reason', models.CharField(blank=True, max_length=500)),
                        ('evidence', models.UUIDField(db_comment='Public id of a document that says so', null=True)),
                        ('places', models.JSONField(db_comment='Where it runs, the first few; shown, never filtered by', default=list)),
                        ('is_before', models.BooleanField(default=False)),
                        ('happened_at', models.DateTimeField(db_comment='When the document came, or it began to run')),
                        ('seen_at', models.DateTimeField(db_comment='When the watch saw it')),
                        ('watch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='hits', to='incidents.watch')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['watch', '-public_id'], name='watch_hit_of')],
                        'constraints': [models.UniqueConstraint(fields=('watch', 'artifact', 'indicator', 'sight'), name='watch_hit_once'), models.CheckConstraint(condition=models.Q(('sight__in', ['found', 'running'])), name='watch_hit_sight')],
                    },
                ),
                migrations.CreateModel(
                    name='Watch',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('public_id', models.UUIDField(default=supplychain.ids.uuid7, editable=False, unique=True)),
                        ('name', models.CharField(max_length=200)),
                        ('question', models.JSONField(db_comment='As it was given (docs/api.md, The incident question)')),
                        ('is_paused', models.BooleanField(default=False)),
                        ('created_by', models.CharField(max_length=200)),
                        ('created_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('team', models.ForeignKey(db_comment='Through whose eyes it looks; NULL: through those of who sees all', db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['team', '-public_id'], name='watch_of_team')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='watch_has_a_name')],
                    },
                ),
            ],
        ),
    ]
