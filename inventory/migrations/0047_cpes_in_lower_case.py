"""CPEs are compared without regard to case: what was kept as it was written is kept in lower case."""

from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Lower

_LOWERED = """
INSERT INTO inventory_componentcpe (team_id, component_id, cpe)
SELECT team_id, component_id, lower(cpe) FROM inventory_componentcpe WHERE cpe <> lower(cpe)
ON CONFLICT (cpe, component_id, team_id) DO NOTHING
"""
_AS_WRITTEN = "DELETE FROM inventory_componentcpe WHERE cpe <> lower(cpe)"


class Migration(migrations.Migration):
    dependencies = [("inventory", "0046_workflows_by_path")]

    operations = [
        migrations.RunSQL([_LOWERED, _AS_WRITTEN], migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="componentcpe",
            constraint=models.CheckConstraint(condition=Q(cpe=Lower("cpe")), name="component_cpe_lower"),
        ),
    ]
