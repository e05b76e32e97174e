"""Where components come from, as a team's documents say; references are checked a statement at a time, as since 0022."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

_first = import_module("inventory.migrations.0022_checked_in_sets")
_feeds = import_module("inventory.migrations.0037_feeds_in_portions")
_TABLE = "inventory_componentsource"
_POINTING = {"component_id": "inventory_component", "team_id": "access_team"}
_BEFORE = {**_first._REFERENCES, **_feeds._REFERENCES}


def _checks():
    asked = (_first._QUESTION.format(table=_TABLE, column=name, target=target) for name, target in _POINTING.items())
    return _first._CHECK.format(table=_TABLE, questions="".join(asked), columns=", ".join(_POINTING))


def _stay(references):
    """Return the functions made before for what is pointed to, asking of these tables; their triggers are there."""
    made = (_feeds._stays(target, references).partition("CREATE TRIGGER")[0] for target in _POINTING.values())
    return "".join(made).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


CHECKED = _checks() + _stay({**_BEFORE, _TABLE: _POINTING})
CHECKED_BACK = _stay(_BEFORE) + (
    f"DROP TRIGGER check_references ON {_TABLE}; DROP TRIGGER keep_references ON {_TABLE};\n"
    f"DROP FUNCTION {_TABLE}_check_references();\n"
)


class Migration(migrations.Migration):
    dependencies = [
        ('access', '0005_who_cannot_read_appends_as_the_system'),
        ('inventory', '0043_narrower_presence'),
    ]

    operations = [
        migrations.CreateModel(
            name='ComponentSource',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('repository', 'repository'), ('commit', 'commit')], max_length=16)),
                ('value', models.CharField(db_collation='C', db_comment='host/owner/name, or the whole id of a commit', max_length=1024)),
                ('component', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.component')),
                ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.team')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('value', 'kind', 'component', 'team'), name='component_source_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['repository', 'commit'])), name='component_source_kind')],
            },
        ),
        migrations.RunSQL(CHECKED, CHECKED_BACK),
    ]
