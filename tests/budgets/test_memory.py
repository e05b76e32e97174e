"""How much memory a large document takes in the process that reads and applies it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from django.db import connection

from inventory.models import EvidenceState, State
from tests.factories import cyclonedx, digest, store

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, databases=["default", "interning"])]


@dataclass(frozen=True, slots=True)
class Peak:
    """In megabytes: after a small document, and after the large one."""

    before: int
    after: int


def peak_of(components: int) -> Peak:
    """Let a new process apply a small document and then one of so many components, about 0.9 kB each."""
    small = store("a", cyclonedx("pkg:npm/left@1", subject=digest("small")))
    listed = [
        {
            "bom-ref": f"pkg:npm/%40scope/package-{place}@1.0.0",
            "name": f"package-{place}",
            "group": "@scope",
            "version": "1.0.0",
            "purl": f"pkg:npm/%40scope/package-{place}@1.0.0",
            "cpe": f"cpe:2.3:a:scope:package-{place}:1.0.0:*:*:*:*:*:*:*",
            "hashes": [{"alg": "SHA-256", "content": f"{place:064x}"}],
            "licenses": [{"license": {"id": "MIT"}}],
            "properties": [{"name": f"syft:location:{n}:path", "value": f"/app/{place}" * 6} for n in range(3)],
        }
        for place in range(components)
    ]
    dependencies = {"root": [str(one["bom-ref"]) for one in listed]}
    large = store("a", cyclonedx(*listed, subject=digest("large"), dependencies=dependencies))
    del listed
    told = subprocess.run(
        [sys.executable, "-m", "tests.budgets.memory_of", str(connection.settings_dict["NAME"])],
        capture_output=True, text=True, check=True, timeout=240, env={**os.environ, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    for evidence in (small, large):
        state = EvidenceState.objects.get(pk=evidence.pk)
        assert state.state in {State.APPLIED, State.APPLIED_WITH_WARNINGS}, json.dumps(state.error)
    before, after = map(int, told.stdout.split())
    return Peak(before, after)


@pytest.mark.parametrize(("components", "megabytes"), [(20_000, 300), (100_000, 500)])
def test_a_large_document_stays_within_its_memory(components: int, megabytes: int) -> None:
    peak = peak_of(components)

    assert peak.after <= megabytes, peak
