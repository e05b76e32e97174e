"""Indexes for a claim that looks at no more than it must, and a mark for large documents."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0010_estate_change")]

    operations = [
        migrations.AddField(
            model_name="evidencestate",
            name="is_large",
            field=models.BooleanField(
                db_comment="LARGE_DOCUMENT_BYTES or more: only so many are worked on at once", db_default=False
            ),
        ),
        AddIndexConcurrently(
            model_name="evidencestate",
            index=models.Index(
                condition=models.Q(("state", "received")), fields=["team", "evidence"], name="evidence_state_waiting"
            ),
        ),
        AddIndexConcurrently(
            model_name="evidencestate",
            index=models.Index(
                condition=models.Q(("state", "processing")), fields=["claimed_at"], name="evidence_state_claimed"
            ),
        ),
        RemoveIndexConcurrently(model_name="evidencestate", name="evidence_state_in_work"),
    ]
