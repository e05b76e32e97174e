"""Keep the reports of different teams about one container apart, and remember what an end was said of."""

import django.db.models.deletion
from django.db import migrations, models

# Nobody but the cluster's own team can have written what is there. The constraint is checked at once, since a table
# with checks still to come cannot be altered.
FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE inventory_runinterval i SET reporter_id = c.team_id
FROM inventory_workload w JOIN inventory_cluster c ON c.id = w.cluster_id
WHERE w.id = i.workload_id;
"""


def reporter(*, null):
    return models.ForeignKey(
        db_comment="Whose reports open and close it: the cluster's team for its keys and keys bound to it, else the key's team",
        db_index=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="access.team",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0003_search"),
        ("access", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="runinterval", name="run_interval_one_open"),
        migrations.AddField(model_name="runinterval", name="reporter", field=reporter(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(model_name="runinterval", name="reporter", field=reporter(null=False)),
        migrations.AddField(
            model_name="runinterval",
            name="end_names_image",
            field=models.BooleanField(
                db_comment="The end was reported for this digest alone; otherwise for whatever ran", default=False
            ),
        ),
        migrations.AddConstraint(
            model_name="runinterval",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True)),
                fields=("workload", "container", "pod", "reporter"),
                name="run_interval_one_open",
            ),
        ),
    ]
