"""An index for what is said of a git commit."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("inventory", "0035_layers_of_a_team"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="attestationsubject",
            index=models.Index(condition=models.Q(("commit", ""), _negated=True), fields=["commit"], name="attestation_subject_commit"),
        ),
    ]
