"""Indexes for questions by origin: repository, workflow, builder, run, commit, account."""

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('inventory', '0030_csaf_and_go_packages'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='artifactclaim',
            index=models.Index(models.F('claim'), django.db.models.functions.text.Lower('value'), name='artifact_claim_lower'),
        ),
        AddIndexConcurrently(
            model_name='provenance',
            index=models.Index(django.db.models.functions.text.Lower('builder_id'), name='provenance_builder_lower'),
        ),
        AddIndexConcurrently(
            model_name='provenance',
            index=models.Index(condition=models.Q(('commit', ''), _negated=True), fields=['commit'], name='provenance_commit'),
        ),
        AddIndexConcurrently(
            model_name='provenance',
            index=models.Index(django.db.models.functions.comparison.Collate('invocation_id', 'C'), condition=models.Q(('invocation_id', ''), _negated=True), name='provenance_invocation'),
        ),
        AddIndexConcurrently(
            model_name='reportedverification',
            index=models.Index(django.db.models.functions.comparison.Collate('repository', 'C'), condition=models.Q(('repository', ''), _negated=True), name='reported_repository'),
        ),
        AddIndexConcurrently(
            model_name='reportedverification',
            index=models.Index(django.db.models.functions.comparison.Collate(django.db.models.functions.text.Lower('builder_id'), 'C'), condition=models.Q(('builder_id', ''), _negated=True), name='reported_builder_lower'),
        ),
        AddIndexConcurrently(
            model_name='reportedverification',
            index=models.Index(django.db.models.functions.comparison.Collate('identity', 'C'), condition=models.Q(('identity', ''), _negated=True), name='reported_identity'),
        ),
        AddIndexConcurrently(
            model_name='tagevent',
            index=models.Index(django.db.models.functions.comparison.Collate('actor', 'C'), condition=models.Q(('actor', ''), _negated=True), name='tag_event_actor'),
        ),
        AddIndexConcurrently(
            model_name='verificationresult',
            index=models.Index(django.db.models.functions.text.Lower('builder_id'), condition=models.Q(('builder_id', ''), _negated=True), name='verification_builder_lower'),
        ),
        AddIndexConcurrently(
            model_name='verificationresult',
            index=models.Index(condition=models.Q(('commit', ''), _negated=True), fields=['commit'], name='verification_result_commit'),
        ),
        AddIndexConcurrently(
            model_name='verificationresult',
            index=models.Index(django.db.models.functions.comparison.Collate('run', 'C'), condition=models.Q(('run', ''), _negated=True), name='verification_result_run'),
        ),
    ]
