"""Let a track remember which hashes and CPEs its newest document stated."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0025_proven_membership'),
    ]

    operations = [
        migrations.AddField(
            model_name='track',
            name='stated',
            field=models.BinaryField(db_comment='What the newest document stated of its components: sorted little-endian uint64, one for each component with hashes or a CPE (ingest/identifiers.py)', db_default=b''),
        ),
        # Digests do not compress.
        migrations.RunSQL(
            "ALTER TABLE inventory_track ALTER COLUMN stated SET STORAGE EXTERNAL",
            "ALTER TABLE inventory_track ALTER COLUMN stated SET STORAGE EXTENDED",
        ),
    ]
