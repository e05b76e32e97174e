"""The short form of D18: the same comparison on a small estate; that the comparison itself can fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from inventory.models import Presence, SnapshotSubject
from tests.drills.findings import Findings
from tests.drills.long_list import Options, compare
from tests.drills.long_list_estate import prepare

SMALL = Options(
    services=5, builds=30, listed=300, planted=40, seconds=60, artifacts=10, edges=1_000, running=5
)  # time is the long form's: this machine may be four times slower


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_d18_the_answer_by_a_long_list_is_that_of_a_count_by_hand(tmp_path: Path):
    prepare(services=5, builds=30, listed=300, planted=40, folder=str(tmp_path))
    key = StringIO()
    call_command("create_key", "--team", "platform", "--scopes", "incidents:read", "--sees-all-teams", stdout=key)
    client = Client(headers={"authorization": f"Bearer {key.getvalue().strip()}"})

    def ask(body: Mapping[str, object]) -> Any:
        answer = client.post("/api/v1/impact", json.dumps(body), content_type="application/json")
        assert answer.status_code == 200, answer.content[:300]
        return answer.json()

    found = Findings()
    compare(ask, folder=tmp_path, options=SMALL, findings=found)
    assert found.passed, found.line("D18", seconds=0)

    facts = json.loads((tmp_path / "facts.json").read_text())
    about = SnapshotSubject.objects.filter(artifact__digest=facts["expected_running"][0])
    Presence.objects.filter(track__in=about.values("track")).delete()
    blind = Findings()
    compare(ask, folder=tmp_path, options=SMALL, findings=blind)
    assert any(fault.endswith(" running artifacts are missing") for fault in blind.faults)
