"""Layers are looked up by the stack below them, with what a question needs of them in the index; by digest no longer."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0048_layer_stacks")]

    operations = [
        AddIndexConcurrently(
            model_name="imagelayer",
            index=models.Index(
                condition=models.Q(("is_last", False)),
                fields=["chain"],
                include=["artifact", "team", "evidence"],
                name="image_layer_above",
            ),
        ),
        RemoveIndexConcurrently(model_name="imagelayer", name="image_layer_digest"),
    ]
