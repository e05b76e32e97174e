"""A feed is applied in portions that outlive a try; its rows' references are checked a statement at a time.

As those of a large document are since 0022 (docs/adr/0007-references-in-sets.md): a feed of 200,000 records wrote 1.4
million rows' worth of questions. An index that another one covers goes too.
"""

from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

_before = import_module("inventory.migrations.0022_checked_in_sets")
_REFERENCES = {
    "inventory_advisoryversion": {"advisory_id": "inventory_advisory"},
    "inventory_advisoryalias": {"version_id": "inventory_advisoryversion"},
    "inventory_affectedpackage": {"version_id": "inventory_advisoryversion"},
    "inventory_advisorysighting": {
        "team_id": "access_team",
        "advisory_id": "inventory_advisory",
        "version_id": "inventory_advisoryversion",
        "evidence_id": "inventory_evidence",
    },
}
_REFERENCED = ("inventory_advisory", "inventory_advisoryversion")  # evidence is never deleted: migration 0001
_TEAM = "access_team"


def _checks(table):
    pointing = _REFERENCES[table]
    asked = (_before._QUESTION.format(table=table, column=name, target=target) for name, target in pointing.items())
    return _before._CHECK.format(table=table, questions="".join(asked), columns=", ".join(pointing))


def _stays(target, references):
    asked = (
        _before._STILL.format(table=table, column=column, target=target)
        for table, columns in references.items()
        for column, pointed in columns.items()
        if pointed == target
    )
    return _before._STAY.format(target=target, questions="".join(asked))


def _team_stays(references):
    """Return the function that migration 0022 made, asking of these tables too; its trigger is there."""
    made, _, _ = _stays(_TEAM, references).partition("CREATE TRIGGER")
    return made.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


CHECKED = (
    "".join(map(_checks, _REFERENCES))
    + "".join(_stays(target, _REFERENCES) for target in _REFERENCED)
    + _team_stays({**_before._REFERENCES, **_REFERENCES})
)
CHECKED_BACK = (
    _team_stays(_before._REFERENCES)
    + "".join(
        f"DROP TRIGGER check_references ON {table}; DROP TRIGGER keep_references ON {table};\n"
        f"DROP FUNCTION {table}_check_references();\n"
        for table in _REFERENCES
    )
    + "".join(
        f"DROP TRIGGER stay_referenced ON {target}; DROP FUNCTION {target}_stay_referenced();\n"
        for target in _REFERENCED
    )
)


def _foreign_key(to, **options):
    options = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "+", **options}
    return models.ForeignKey(db_constraint=False, to=to, **options)


_FIELDS = {
    ("advisoryversion", "advisory"): _foreign_key("inventory.advisory", db_index=False, related_name="versions"),
    ("advisoryalias", "version"): _foreign_key("inventory.advisoryversion", db_index=False),
    ("affectedpackage", "version"): _foreign_key("inventory.advisoryversion", db_index=False, related_name="affected"),
    ("advisorysighting", "team"): _foreign_key("access.team", db_index=False),
    ("advisorysighting", "advisory"): _foreign_key("inventory.advisory", db_index=False),
    ("advisorysighting", "version"): _foreign_key("inventory.advisoryversion"),
    ("advisorysighting", "evidence"): _foreign_key("inventory.evidence", db_index=False),
}


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0004_audit_search_path"),
        ("inventory", "0036_attested_commits"),
    ]

    operations = [
        migrations.CreateModel(
            name="AdvisoryPortion",
            fields=[
                ("pk", models.CompositePrimaryKey("evidence_id", "position", blank=True, editable=False, primary_key=True, serialize=False)),
                ("position", models.IntegerField()),
                ("records", models.IntegerField()),
                ("rejected", models.IntegerField()),
                ("withdrawn", models.IntegerField()),
                ("until", models.CharField(db_comment="Where its last record stands in the document", max_length=1024)),
                ("defects", models.JSONField(db_comment="What was noted of the document up to there")),
                ("advisories", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("versions", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("digests", django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(), size=None)),
                ("pointers", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=1024), size=None)),
                ("evidence", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.evidence")),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(rejected__gte=0) & Q(records__gte=F("rejected")), name="advisory_portion_adds_up")],
            },
        ),
        *(
            migrations.AlterField(model_name=model, name=name, field=field)
            for (model, name), field in _FIELDS.items()
        ),
        migrations.RunSQL(CHECKED, CHECKED_BACK),
    ]
