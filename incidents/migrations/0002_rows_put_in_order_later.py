"""Kept answers hold their rows unordered until a second page is asked for; those kept before are an hour's, and go."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial")]

    operations = [
        migrations.RunSQL("DELETE FROM incidents_impactpage", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="impactpage",
            name="statuses",
            field=models.BinaryField(
                db_comment="zlib; a byte for each artifact id: its class plus one, 0 for no row", default=b""
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="impactpage",
            name="runs",
            field=models.BinaryField(
                db_comment="zlib; ids of the rows that run, then how many workloads, int32 big-endian", default=b""
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="impactpage",
            name="artifacts",
            field=models.BinaryField(
                db_comment="Artifact ids in the order of the rows, int32 big-endian; empty: not in order yet",
                default=b"",
            ),
        ),
        migrations.AlterField(
            model_name="impactpage",
            name="classes",
            field=models.BinaryField(
                db_comment="One byte a row: its class (incidents/impact/statements.py)", default=b""
            ),
        ),
    ]
