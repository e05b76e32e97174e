"""Whether anything names a base image is told without reading all inputs of all builds."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('inventory', '0038_stacks_of_layers'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='provenancedependency',
            index=models.Index(condition=models.Q(models.Q(('digest', ''), _negated=True), ('uri__regex', '^(pkg:(docker|oci)/|docker://|oci://)')), fields=['digest'], name='provenance_dependency_image'),
        ),
    ]
