from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0015_query_run_gists"),
    ]

    operations = [
        migrations.AddField(
            model_name="queryrungist",
            name="shape",
            field=models.SmallIntegerField(
                db_comment="Of the content: gists.SHAPE of the release that wrote it", db_default=1
            ),
        ),
    ]
