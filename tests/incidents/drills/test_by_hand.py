"""The count by hand: bytes and run intervals alone, a purl as documents write it, no other version."""

from __future__ import annotations

import json

import pytest

from incidents.drills.by_hand import count_by_hand, running_digests
from inventory.models import Component, Presence
from tests.factories import cyclonedx, deployment, digest, report, submit

pytestmark = pytest.mark.django_db

SHOP, PAY, IDLE = digest("shop"), digest("pay"), digest("idle")


def spdx(purl: str, *, subject: str) -> bytes:
    packages = [
        {"SPDXID": "SPDXRef-root", "name": "app", "versionInfo": "1", "downloadLocation": "NONE",
         "checksums": [{"algorithm": "SHA256", "checksumValue": subject.removeprefix("sha256:")}],
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                           "referenceLocator": f"pkg:oci/app@{subject.replace(':', '%3A')}"}]},
        {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "downloadLocation": "NONE",
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]},
    ]  # fmt: skip
    return json.dumps(
        {
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "app",
            "documentNamespace": f"https://example.com/{subject[-8:]}", "packages": packages,
            "creationInfo": {"created": "2026-03-01T00:00:00Z", "creators": ["Tool: t"]},
            "documentDescribes": ["SPDXRef-root"], "relationships": [],
        }
    ).encode()  # fmt: skip


def test_it_finds_what_runs_in_documents_of_several_formats_and_no_other_version():
    submit("team-a", cyclonedx("pkg:npm/%40acme/web@1.2.3", subject=SHOP))
    submit("team-a", spdx("pkg:npm/@acme/web@1.2.3", subject=PAY))
    submit("team-a", cyclonedx("pkg:npm/%40acme/web@1.2.3", subject=IDLE))
    submit("team-a", cyclonedx("pkg:npm/%40acme/web@1.2.30", subject=digest("other")))
    for name in ("shop", "pay", "other"):
        report("team-a", deployment(digest=digest(name), workload=f"Deployment/{name}"))

    counted = count_by_hand("pkg:npm/%40acme/web@1.2.3", among=running_digests())

    assert counted.digests == {SHOP, PAY}
    assert (counted.document_count, counted.unread_count) == (4, 0)


def test_it_asks_nothing_of_the_index():
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP))
    report("team-a", deployment(digest=SHOP))
    Presence.objects.all().delete()
    Component.objects.all().delete()

    assert count_by_hand("pkg:npm/lodash@4.17.20", among=running_digests()).digests == {SHOP}


def test_a_parameter_binds_a_document_that_names_no_digest():
    submit("team-a", cyclonedx("pkg:npm/lodash@4.17.20", name="app"), artifacts=(SHOP,))
    report("team-a", deployment(digest=SHOP))

    assert count_by_hand("pkg:npm/lodash@4.17.20", among=running_digests()).digests == {SHOP}
