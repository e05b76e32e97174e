from __future__ import annotations

import pytest

from supplychain.access.actors import Actor, actor_for_user
from tests.supplychain.actors import make_user


@pytest.fixture
def rita(db: None) -> Actor:
    """A responder."""
    return actor_for_user(make_user("rita", organisation="responder"))


@pytest.fixture
def anna(db: None) -> Actor:
    """An approver."""
    return actor_for_user(make_user("anna", organisation="approver"))
