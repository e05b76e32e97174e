"""What the bytes of an index or manifest prove is told apart from what another document claims of it."""

from django.db import migrations, models

# The document that states the edge is the very index or manifest: its digest is that of the bytes.
PROVE = """
UPDATE inventory_indexmember m SET is_proven = true FROM inventory_artifact a, inventory_evidence e
WHERE a.id = m.index_id AND e.id = m.evidence_id AND e.blob_id = a.digest;
UPDATE inventory_artifactalias x SET is_proven = true FROM inventory_artifact a, inventory_evidence e
WHERE a.id = x.artifact_id AND e.id = x.evidence_id AND e.blob_id = a.digest;
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0024_trust")]

    operations = [
        migrations.AddField(
            model_name="artifactalias",
            name="is_proven",
            field=models.BooleanField(
                db_comment="The bytes of the manifest itself were read, and name the config; else a document claims it",
                db_default=False,
                default=False,
            ),
        ),
        migrations.AddField(
            model_name="indexmember",
            name="is_proven",
            field=models.BooleanField(
                db_comment="The bytes of the index itself were read, and list the member; else a document claims it",
                db_default=False,
                default=False,
            ),
        ),
        migrations.RunSQL(PROVE, migrations.RunSQL.noop),
    ]
