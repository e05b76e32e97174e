"""Shared by all tests. It starts nothing: pure tests run without a database."""

import pytest
from django.conf import settings


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database the tests use, without its password."""
    database = settings.DATABASES["default"]
    return f"database: {database['HOST'] or 'local'} {database['NAME']}"
