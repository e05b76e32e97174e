"""Two migrations came to main as the next one at the same time; what follows stands behind both."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0039_withdrawn_root_versions"),
        ("inventory", "0040_presence_of_track"),
    ]

    operations = []
