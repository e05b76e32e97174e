"""What an advisory was made from leads to it: whoever asks by a CVE asks by the distributions' records of it."""

from django.db import migrations, models


FILL = """
INSERT INTO inventory_advisoryalias (name_key, version_id, is_upstream)
SELECT DISTINCT upper(name), v.id, true FROM inventory_advisoryversion v CROSS JOIN unnest(v.upstream) AS name
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0027_lists'),
    ]

    operations = [
        migrations.AddField(
            model_name='advisoryalias',
            name='is_upstream',
            field=models.BooleanField(db_comment='No other name: whoever asks by it asks by this record too, and not the other way', db_default=False),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
