"""Shared by all tests. It starts nothing: pure tests run without a database."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).parent
ALONE = frozenset({"bench", "browser", "deploy", "drills", "flows", "replica"})
"""Folders whose tests start a whole site or change what all databases of a server share: the roles, the broker."""
APART = ALONE - {"flows"}
"""Those of them that share neither with the others: they start servers, or a database of their own is all they need."""

if "CI" not in os.environ:  # there Hypothesis has a profile of its own, as patient as this one
    hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis_settings.load_profile("patient")

_OF_BOTH = (TESTS, TESTS / "supplychain")
"""Folders that hold tests which run alone and others."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not read files whose tests would be left out by their mark: each process of a run would."""
    asked = str(config.getoption("markexpr"))
    if "alone" not in asked or collection_path in _OF_BOTH:
        return None
    is_alone = shared_servers(str(collection_path.relative_to(TESTS.parent))) is not None
    return is_alone == ("not alone" in asked) or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what cannot run beside other tests."""
    for item in items:
        if shared_servers(item.nodeid) is not None:
            item.add_marker(pytest.mark.alone)


def shared_servers(nodeid: str) -> str | None:
    """Name the servers that a test shares with others that must not run beside it; None where all may."""
    folders = Path(nodeid.partition("::")[0]).parts[1:]
    if folders[0] in APART:
        return folders[0]
    return "of the run" if folders[0] in ALONE or folders[:2] == ("supplychain", "database") else None


class ByServers(LoadScopeScheduling):  # type: ignore[misc]  # the library ships no types
    """Gives all tests that share servers to one process, in turn."""

    def _split_scope(self, nodeid: str) -> str:
        return shared_servers(nodeid) or nodeid


@pytest.hookimpl(optionalhook=True)  # drill D17 asks without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServers | None:
    """Schedule by servers where whole scopes are asked for (`--dist loadscope`)."""
    return ByServers(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database the tests use, without its password."""
    database = settings.DATABASES["default"]
    return f"database: {database['HOST'] or 'local'} {database['NAME']}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Keep what the migrations made: else Django makes every permission anew after each test that commits."""
    post_migrate.disconnect(dispatch_uid=create_permissions.__module__ + ".create_permissions")
    post_migrate.disconnect(create_contenttypes)
