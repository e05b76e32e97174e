"""A package of a list is found by its name first: by type and namespace most are alike.

Components are found by their source in an index of those that have one: it was of all, and one in five hundred has.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0055_failed_tries")]

    operations = [
        AddIndexConcurrently(
            model_name="package",
            index=models.Index(
                fields=["name_key", "namespace_key", "type"], include=["id"], name="package_by_name"
            ),
        ),
        RemoveIndexConcurrently(model_name="package", name="package_name_key"),
        AddIndexConcurrently(
            model_name="component",
            index=models.Index(
                fields=["source_package"],
                include=["id", "package", "version"],
                condition=models.Q(source_package__isnull=False),
                name="component_of_source",
            ),
        ),
        migrations.AlterField(
            model_name="component",
            name="source_package",
            field=models.ForeignKey(
                db_comment="The distribution's source package",
                db_index=False,
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="+",
                to="inventory.package",
            ),
        ),
    ]
