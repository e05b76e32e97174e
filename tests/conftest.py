"""Shared by all tests. It starts nothing: pure tests run without a database."""

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database the tests use, without its password."""
    database = settings.DATABASES["default"]
    return f"database: {database['HOST'] or 'local'} {database['NAME']}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests that commit empty the tables afterwards: the audit log refuses TRUNCATE, as it should elsewhere."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE access_auditevent DISABLE TRIGGER audit_event_no_truncate")
