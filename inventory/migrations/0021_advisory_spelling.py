"""An advisory's id is spelled by each of its versions: the shared row would tell how another team's document spells it."""

from django.db import migrations, models

MOVE = """
UPDATE inventory_advisoryversion v SET identifier = a.identifier FROM inventory_advisory a WHERE a.id = v.advisory_id
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0020_attestations")]

    operations = [
        migrations.AddField(
            model_name="advisoryversion",
            name="identifier",
            field=models.CharField(blank=True, db_collation="C", db_comment="As written", default="", max_length=255),
            preserve_default=False,
        ),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="advisory", name="advisory_has_identifier"),
        migrations.RemoveField(model_name="advisory", name="identifier"),
        migrations.AlterField(
            model_name="advisory",
            name="identifier_key",
            field=models.CharField(
                db_collation="C",
                db_comment="Upper case: ids are compared so, and each version has its spelling",
                max_length=255,
            ),
        ),
        migrations.AddConstraint(
            model_name="advisory",
            constraint=models.CheckConstraint(
                condition=models.Q(("identifier_key", ""), _negated=True), name="advisory_has_identifier"
            ),
        ),
    ]
