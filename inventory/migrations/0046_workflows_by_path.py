"""A workflow is found by its path alone, whatever repository it is of: as the build's own, and as its builder."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Func, Q, Value
from django.db.models.functions import Collate, Lower

PATH = Func(
    Lower("builder_id"),
    Value("/([.]github/workflows/[^/@]+)(@|$)"),
    function="substring",
    output_field=models.TextField(),
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("inventory", "0045_component_accounts")]

    operations = [
        AddIndexConcurrently(
            model_name="provenance",
            index=models.Index(
                Collate("workflow_path", "C"), condition=~Q(workflow_path=""), name="provenance_workflow_path"
            ),
        ),
        AddIndexConcurrently(
            model_name="provenance", index=models.Index(Collate(PATH, "C"), name="provenance_builder_path")
        ),
        AddIndexConcurrently(
            model_name="verificationresult",
            index=models.Index(
                Collate("workflow_path", "C"), condition=~Q(workflow_path=""), name="verification_workflow_path"
            ),
        ),
        AddIndexConcurrently(
            model_name="verificationresult",
            index=models.Index(Collate(PATH, "C"), name="verification_builder_path"),
        ),
    ]
