"""Two migrations came to main as the next one at the same time; what follows stands behind both."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0013_planted_drills"),
        ("incidents", "0013_stamped_when_changed"),
    ]

    operations = []
