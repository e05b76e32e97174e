"""What the runbook says to type at night works: its SQL is planned by the database, its commands and services exist."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.db import connection

from tests.deploy.compose import services

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs" / "runbook.md").read_text(encoding="utf-8")
SQL = [" ".join(found.split()) for found in re.findall(r'sql "(SELECT .*?)"', PAGE, re.DOTALL)]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", SQL, ids=range(len(SQL)))
def test_a_question_to_the_database_can_be_asked(statement):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}".replace("%", "%%"))

        assert cursor.fetchall()


def test_the_walk_finds_the_questions():
    assert len(SQL) >= 6


def test_every_command_and_service_it_names_exists():
    commands = set(re.findall(r"manage\.py (\w+)", PAGE))
    lines = [" ".join(line.split()) for line in re.findall(r"docker compose ([^`|#;]+)", PAGE)]

    assert commands
    assert commands - set(get_commands()) == set()
    assert len(lines) > 8
    assert [line for line in lines if not set(line.split()) & {*services(), "ps"}] == []
