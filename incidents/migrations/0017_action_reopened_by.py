from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0016_shape_of_gists"),
    ]

    operations = [
        migrations.AddField(
            model_name="containmentaction",
            name="reopened_by",
            field=models.CharField(
                blank=True,
                db_comment="Who said last that it is not done after all: evidence does not close it then",
                db_default="",
                default="",
                max_length=200,
            ),
        ),
    ]
