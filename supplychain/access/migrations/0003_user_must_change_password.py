"""A password made by an administrator is changed at the next sign-in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0002_audit_chain")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="must_change_password",
            field=models.BooleanField(
                db_comment="The password was made by an administrator; the next page is the one to change it",
                db_default=False,
                default=False,
            ),
        ),
    ]
