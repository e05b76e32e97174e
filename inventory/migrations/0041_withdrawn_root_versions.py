"""A proposed version of a root of trust can be taken back, and the same file be proposed again.

A fresh database has it from 0001_squashed_0041_withdrawn_root_versions.
"""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("inventory", "0040_presence_of_track")]

    operations = [
        migrations.AddField(
            model_name="trustrootversion",
            name="withdrawn_at",
            field=models.DateTimeField(db_comment="The proposal was taken back, and never counted", null=True),
        ),
        migrations.RemoveConstraint(model_name="trustrootversion", name="trust_root_version_once"),
        migrations.AddConstraint(
            model_name="trustrootversion",
            constraint=models.UniqueConstraint(
                condition=Q(withdrawn_at__isnull=True), fields=("root", "digest"), name="trust_root_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="trustrootversion",
            constraint=models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(active_from__isnull=True),
                name="trust_root_version_withdrawn",
            ),
        ),
    ]
