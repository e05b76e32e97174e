from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('inventory', '0014_mark_of_this_writer'),
    ]

    operations = [
        migrations.AlterField(
            model_name='evidence',
            name='declared_kind',
            field=models.CharField(
                blank=True,
                choices=[
                    ('sbom', 'Sbom'),
                    ('deployment', 'Deployment'),
                    ('snapshot', 'Snapshot'),
                    ('image', 'Image'),
                    ('registry', 'Registry'),
                    ('attestation', 'Attestation'),
                    ('vex', 'Vex'),
                    ('advisory', 'Advisory'),
                    ('posture', 'Posture'),
                    ('workflow', 'Workflow'),
                ],
                max_length=32,
            ),
        ),
    ]
