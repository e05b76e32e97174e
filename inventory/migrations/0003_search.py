"""Search by what a name means, not by how it was first written: the first writer may be another team."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations


def trigram(field, *, name):
    upper = django.db.models.functions.text.Upper(field)
    return django.contrib.postgres.indexes.GinIndex(
        django.contrib.postgres.indexes.OpClass(upper, name="gin_trgm_ops"), name=name
    )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_storage")]

    operations = [
        migrations.RemoveIndex(model_name="package", name="package_name_trigram"),
        migrations.AddIndex(model_name="package", index=trigram("name_key", name="package_name_trigram")),
        migrations.AddIndex(model_name="package", index=trigram("namespace_key", name="package_namespace_trigram")),
        migrations.AddIndex(model_name="artifactname", index=trigram("name", name="artifact_name_trigram")),
    ]
