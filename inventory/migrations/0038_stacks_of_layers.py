"""A digest of each layer with all below it, so that a gate finds the images below one without reading their layers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# What inventory/ingest/image.py computes for new lists.
_FILL = """
WITH RECURSIVE stack (artifact_id, team_id, position, chain) AS (
    SELECT artifact_id, team_id, position, substring(sha256(convert_to(digest, 'UTF8')) FOR 16)
    FROM inventory_imagelayer WHERE position = 0
    UNION ALL
    SELECT l.artifact_id, l.team_id, l.position, substring(sha256(s.chain || convert_to(l.digest, 'UTF8')) FOR 16)
    FROM stack s JOIN inventory_imagelayer l ON l.artifact_id = s.artifact_id AND l.team_id = s.team_id
     AND l.position = s.position + 1
)
UPDATE inventory_imagelayer l SET chain = s.chain, is_last = NOT EXISTS (
    SELECT FROM inventory_imagelayer o
    WHERE o.artifact_id = l.artifact_id AND o.team_id = l.team_id AND o.position = l.position + 1)
FROM stack s WHERE s.artifact_id = l.artifact_id AND s.team_id = l.team_id AND s.position = l.position
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("inventory", "0037_feeds_in_portions"),
    ]

    operations = [
        migrations.AddField(
            model_name="imagelayer",
            name="chain",
            field=models.BinaryField(
                db_comment="SHA-256 of the layer's digest behind the chain below it, 16 bytes",
                db_default=b"",
            ),
        ),
        migrations.AddField(
            model_name="imagelayer",
            name="is_last",
            field=models.BooleanField(db_comment="No layer above it", db_default=False),
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="imagelayer",
            index=models.Index(condition=models.Q(("is_last", True)), fields=["chain"], name="image_layer_stack"),
        ),
    ]
