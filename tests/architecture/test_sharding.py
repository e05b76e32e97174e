"""The tables stay fit to be spread over machines by track (docs/scaling.md, Spread by track).

The page's own statements say what is spread and what is everywhere; the rules are Citus'. What today breaks one is
listed here with its reason, and the page's changes mend it: they are carried out in the test's database.
"""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs" / "scaling.md").read_text(encoding="utf-8")
SPREAD: dict[str, str] = dict(re.findall(r"create_distributed_table\('(\w+)', '(\w+)'", PAGE))
EVERYWHERE = set(re.findall(r"create_reference_table\('(\w+)'\)", PAGE))
CHANGES = re.search(r"```sql\n(-- Before:.*?)```", PAGE, re.DOTALL)

# Unique without the column that spreads the table, or pointing where a row may be on another machine.
KNOWN_BREAKS = {
    "inventory_snapshot_pkey": "Django's models have one column as key; (track_id, id) is as unique",
    "inventory_snapshotsubject_pkey": "the same",
    "inventory_running_pkey": "the same",
    "snapshot_part_once": "one snapshot a part of a document; the row lock of the queue holds that too",
    "inventory_snapshot_evidence_id_385d9b4b_fk_inventory": "evidence stays on one machine, beside the queue",
    "inventory_snapshotsu_snapshot_id_77458105_fk_inventory": "by (track_id, snapshot_id) it never leaves its machine",
}

# Joins of two spread tables that leave out the column both have: add `AND n.track_id = s.track_id`.
KNOWN_JOINS = {
    "incidents/impact/statements.py": 1,
    "inventory/graph/artifact_detail.py": 1,
    "inventory/graph/artifacts.py": 1,
    "inventory/graph/components.py": 1,
    "inventory/graph/families.py": 1,
    "inventory/graph/merged.py": 1,
    "inventory/graph/receipts.py": 1,
    "inventory/ingest/queue_sql.py": 1,
    "inventory/ingest/subjects.py": 1,
}

_KEYS = """
SELECT c.relname, i.relname, array_agg(a.attname::text)
FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(x.indkey[:x.indnkeyatts - 1])
WHERE x.indisunique AND c.relname = ANY(%s) GROUP BY 1, 2
"""
_REFERENCES = """
SELECT conname, conrelid::regclass::text, confrelid::regclass::text,
       ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY k(num, place)
             JOIN pg_attribute ON attrelid = conrelid AND attnum = num ORDER BY place),
       ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY k(num, place)
             JOIN pg_attribute ON attrelid = confrelid AND attnum = num ORDER BY place)
FROM pg_constraint WHERE contype = 'f'
"""
_TABLE = re.compile(r"(?P<word>FROM|JOIN)\s+(?P<table>inventory_\w+)\s+(?P<alias>(?!ON\b|WHERE\b|USING\b)\w+)")
_END = re.compile(r"\b(?:LEFT|CROSS|JOIN|WHERE|GROUP|ORDER|UNION|LIMIT|FOR|SELECT)\b|$")


def keys_without_the_column() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, [list(SPREAD)])
        return {name for table, name, columns in cursor.fetchall() if SPREAD[table] not in columns}


def references_that_leave_the_machine() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_REFERENCES)
        return {name for name, *reference in cursor.fetchall() if not stays(*reference)}


def stays(source: str, target: str, columns: list[str], target_columns: list[str]) -> bool:
    if source in SPREAD and target in SPREAD:
        return (SPREAD[source], SPREAD[target]) in zip(columns, target_columns, strict=True)
    if source in SPREAD:
        return target in EVERYWHERE
    return target not in SPREAD


def texts(path: Path) -> list[str]:
    """Return the SQL of a file: its strings, with `{}` where a value of the code stands."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    formatted = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in formatted for part in node.values}
    found = [
        "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        for node in formatted
    ]
    found += [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
    ]
    return [text for text in found if "inventory_" in text]


def joins_without_the_column(text: str) -> list[str]:
    """Return the joins of a spread table to another one of the same SELECT that do not name its column."""
    broken, is_beside_spread, last = [], False, 0
    for match in _TABLE.finditer(text):
        if match["word"] == "FROM" or "SELECT" in text[last : match.start()]:
            is_beside_spread = False
        last = match.end()
        if (table := match["table"]) not in SPREAD:
            continue
        end = _END.search(text, last)
        condition = text[last : end.start() if end else None]
        if is_beside_spread and not re.search(rf"\b{match['alias']}\.{SPREAD[table]}\b", condition):
            broken.append(" ".join((match[0] + condition).split()))
        is_beside_spread = True
    return broken


def test_the_page_says_of_every_table_of_components_and_runs_where_it_is():
    tables = {model._meta.db_table for model in apps.get_app_config("inventory").get_models()}
    alone = set(
        re.findall(r"`(inventory_\w+)`", PAGE.partition("stay on the\ncoordinator:")[2].partition("\n\nAn ")[0])
    )

    assert SPREAD == {
        "inventory_track": "id",
        "inventory_presence": "track_id",
        "inventory_snapshot": "track_id",
        "inventory_snapshotsubject": "track_id",
        "inventory_subjectblock": "track_id",
        "inventory_running": "track_id",
    }
    assert set(SPREAD) | EVERYWHERE | alone == tables | {"access_team"}, "say in docs/scaling.md where it is"
    assert not alone & (set(SPREAD) | EVERYWHERE)


@pytest.mark.django_db
def test_every_key_of_a_spread_table_holds_the_column_but_for_those_that_are_known():
    assert keys_without_the_column() | references_that_leave_the_machine() == set(KNOWN_BREAKS)


@pytest.mark.django_db
def test_the_changes_of_the_page_mend_every_known_break():
    assert CHANGES
    with connection.cursor() as cursor:
        cursor.execute(CHANGES[1])

    assert keys_without_the_column() | references_that_leave_the_machine() == set()


def test_spread_tables_are_joined_within_a_machine_but_for_the_joins_that_are_known():
    found = {
        str(path.relative_to(CHECKOUT)): broken
        for folder in ("inventory", "incidents")
        for path in sorted((CHECKOUT / folder).rglob("*.py"))
        if "/migrations/" not in str(path)
        if (broken := [join for text in texts(path) for join in joins_without_the_column(text)])
    }

    more = {name: broken for name, broken in found.items() if len(broken) > KNOWN_JOINS.get(name, 0)}
    assert more == {}, "add `AND x.track_id = y.track_id`: both have it"


def test_a_join_within_a_machine_is_told_from_one_across():
    within = "SELECT 1 FROM inventory_snapshotsubject s JOIN inventory_track t ON t.id = s.track_id WHERE true"
    across = "SELECT 1 FROM inventory_snapshotsubject s JOIN inventory_snapshot n ON n.id = s.snapshot_id WHERE true"
    other = "SELECT 1 FROM inventory_artifact a JOIN inventory_snapshotsubject s ON s.artifact_id = a.id"

    assert [joins_without_the_column(text) for text in (within, other)] == [[], []]
    assert joins_without_the_column(across) == ["JOIN inventory_snapshot n ON n.id = s.snapshot_id"]
