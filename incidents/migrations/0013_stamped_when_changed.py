"""Remember what a recovery was stamped on, so that it is looked at again when that changed."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("incidents", "0012_live_verdicts")]

    operations = [
        migrations.AddField(
            model_name="livequestion",
            name="stamped",
            field=models.CharField(
                blank=True,
                db_comment="Of all that proofs rest on, when it was stamped",
                db_default="",
                default="",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="livequestion",
            name="stamped_at",
            field=models.DateTimeField(db_comment="When its recovery was looked at last; NULL: never", null=True),
        ),
        migrations.AddField(
            model_name="livequestion",
            name="stamp_ms",
            field=models.IntegerField(db_comment="How long that took", db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="livequestion",
            name="proofs",
            field=models.CharField(
                blank=True, db_comment="Of how its proofs stood then", db_default="", default="", max_length=32
            ),
        ),
        migrations.AddConstraint(
            model_name="livequestion",
            constraint=models.CheckConstraint(condition=Q(stamp_ms__gte=0), name="live_question_stamp"),
        ),
    ]
