"""What every test of a recovery begins with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.incidents.recovery.test_recovery import BAD, OLD, built, describe, run
from tests.supplychain.actors import make_user, signed_in


@pytest.fixture
def responder() -> Client:
    """A responder, where a bad artifact was built a day ago and runs."""
    describe(OLD, BAD)
    built(OLD, at=timezone.now() - timedelta(days=1))
    run(OLD)
    return signed_in(make_user("rita", organisation="responder"))
