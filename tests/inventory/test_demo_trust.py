"""The demo's attestations verify as ORIGIN.md says, by the demo's own root, for ever."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from inventory.management.commands.load_demo import ESTATE
from inventory.management.demo_estate import Estate
from inventory.management.demo_trust import trust_demo
from inventory.models import AttestationVerdict, TrustedSigner, TrustRootVersion
from supplychain.access.actors import system_actor
from tests.factories import submit
from tests.trusted import verify

pytestmark = pytest.mark.django_db


def test_the_demo_has_every_verdict_to_show() -> None:
    for _ in range(2):
        trust_demo(ESTATE, actor=system_actor("test"), at=datetime.now(UTC))
    for upload in Estate(ESTATE).uploads(at=datetime.now(UTC)):
        if upload.label.startswith("attestations of"):
            submit(upload.sender, upload.body)
    verify()

    found = Counter(AttestationVerdict.objects.values_list("verdict", "result__code"))
    assert (TrustRootVersion.objects.count(), TrustedSigner.objects.count()) == (2, 1)
    assert found.pop(("verified_expected", "")) >= 20
    assert found == {
        ("verified_unexpected", "unexpected_ref"): 2,
        ("failed", "tlog_mismatch"): 1,
        ("unsupported", "root_unknown"): 1,
        ("unsigned_claim", ""): 2,
    }
