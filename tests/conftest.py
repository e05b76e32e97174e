"""Shared by all tests. It starts nothing: pure tests run without a database."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

TESTS = Path(__file__).parent
ALONE = frozenset({"bench", "browser", "deploy", "drills", "flows", "replica"})
"""Folders whose tests start a whole site or change what all databases of a server share: the roles, the broker."""
OWN_SERVERS = frozenset({"deploy", "drills"})
"""Those of them that start every server themselves, so that they may run beside the others."""

if "CI" not in os.environ:  # there Hypothesis has a profile of its own, as patient as this one
    hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis_settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what cannot run beside other tests, and with whom it shares servers."""
    for item in items:
        folders = item.path.relative_to(TESTS).parts
        if folders[0] in ALONE or folders[:2] == ("supplychain", "database"):
            item.add_marker(pytest.mark.alone)
            item.add_marker(pytest.mark.xdist_group(folders[0] if folders[0] in OWN_SERVERS else "one server"))


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database the tests use, without its password."""
    database = settings.DATABASES["default"]
    return f"database: {database['HOST'] or 'local'} {database['NAME']}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Keep what the migrations made: else Django makes every permission anew after each test that commits."""
    post_migrate.disconnect(dispatch_uid=create_permissions.__module__ + ".create_permissions")
    post_migrate.disconnect(create_contenttypes)
