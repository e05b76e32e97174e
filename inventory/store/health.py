"""Whether the storage of documents serves: a readiness probe (settings.READINESS_PROBES)."""

from __future__ import annotations

from django.conf import settings

from inventory.store.errors import EvidenceStoreUnavailableError
from supplychain.ops.health import ProbeResult


def probe_object_storage() -> ProbeResult:
    """Ask for the bucket, where one is used. Not vital: questions are answered without it."""
    if not settings.EVIDENCE_S3_BUCKET:
        return ProbeResult("object_storage", ok=True, message="not used", vital=False)
    from inventory.store import objects  # noqa: PLC0415  its packages are an extra, installed where it is used

    try:
        objects.ask()
    except EvidenceStoreUnavailableError as error:
        return ProbeResult("object_storage", ok=False, message=error.reason, vital=False)
    return ProbeResult("object_storage", ok=True, vital=False)
