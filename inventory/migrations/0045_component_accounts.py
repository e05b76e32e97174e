"""Accounts that documents say made or published a component, and those that started a run."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Collate, Lower

KINDS = ["repository", "commit", "account"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0044_component_sources")]

    operations = [
        migrations.RemoveConstraint(model_name="componentsource", name="component_source_kind"),
        migrations.AddConstraint(
            model_name="componentsource",
            constraint=models.CheckConstraint(condition=Q(kind__in=KINDS), name="component_source_kind"),
        ),
        migrations.AlterField(
            model_name="componentsource",
            name="kind",
            field=models.CharField(choices=[(kind, kind) for kind in KINDS], max_length=16),
        ),
        migrations.AlterField(
            model_name="componentsource",
            name="value",
            field=models.CharField(
                db_collation="C",
                db_comment="host/owner/name, the whole id of a commit, or an account in lower case",
                max_length=1024,
            ),
        ),
        AddIndexConcurrently(
            model_name="buildrun",
            index=models.Index(Collate(Lower("actor"), "C"), condition=~Q(actor=""), name="build_run_actor"),
        ),
    ]
