"""What ran at an instant or in a window is found by its time: before, every interval up to then was looked at."""

from django.contrib.postgres.indexes import GistIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0051_facts_by_their_values")]

    operations = [
        AddIndexConcurrently(
            model_name="runinterval",
            index=GistIndex(models.Func("opened_at", "closed_at", function="tstzrange"), name="run_interval_time"),
        ),
    ]
