"""The components of a package are kept with the kind of each version, so that a list has only few of them sent."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

_NUMBERS = r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}"
_KIND = (
    "(CASE WHEN length(%(expressions)s) > 256 THEN 2 "
    f"WHEN %(expressions)s ~ '^{_NUMBERS}$' THEN 0 "
    f"WHEN %(expressions)s ~ '^v{_NUMBERS}$' THEN 1 ELSE 2 END)::smallint"
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0057_changed_blocks")]

    operations = [
        AddIndexConcurrently(
            model_name="component",
            index=models.Index(
                models.F("package"),
                models.Func(models.F("version"), template=_KIND, output_field=models.SmallIntegerField()),
                include=["version", "id"],
                name="component_by_kind",
            ),
        ),
        RemoveIndexConcurrently(model_name="component", name="component_of_package"),
    ]
