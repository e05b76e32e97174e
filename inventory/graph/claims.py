"""What one document claims, row by row, for its page: attestations, statements, advisories, lists.

Each takes a document that the asker was found to see, and reads only what that document stated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Prefetch

from inventory.models import (
    AdvisorySighting,
    AffectedPackage,
    AttestationSource,
    AttestationSubject,
    ListedIndicator,
    VexProduct,
    VexStatement,
)

if TYPE_CHECKING:
    from inventory.models import Evidence

MAX_PARTS: Final = 5
"""Subjects, products or packages shown of one row."""


def attested(evidence: Evidence, *, limit: int) -> tuple[AttestationSource, ...]:
    """Return the attestations a document carries, in its order, each with its first subjects. Two statements."""
    subjects = AttestationSubject.objects.select_related("artifact").order_by("position")
    rows = (
        AttestationSource.objects.filter(evidence_id=evidence.pk)
        .select_related("attestation__provenance")
        .prefetch_related(Prefetch("attestation__subjects", queryset=subjects[:MAX_PARTS], to_attr="first_subjects"))
        .order_by("position")
    )
    return tuple(rows[:limit])


def stated(evidence: Evidence, *, limit: int) -> tuple[VexStatement, ...]:
    """Return the statements of a document, in its order, each with its first products. Two statements at most."""
    products = VexProduct.objects.order_by("position")
    rows = (
        VexStatement.objects.filter(evidence_id=evidence.pk)
        .prefetch_related(Prefetch("products", queryset=products[:MAX_PARTS], to_attr="first_products"))
        .order_by("position")
    )
    return tuple(rows[:limit])


def advised(evidence: Evidence, *, limit: int) -> tuple[AdvisorySighting, ...]:
    """Return the advisories that came first with a document, each with the first packages it names. Two statements."""
    packages = AffectedPackage.objects.order_by("position")
    rows = (
        AdvisorySighting.objects.filter(evidence_id=evidence.pk)
        .select_related("advisory", "version")
        .prefetch_related(Prefetch("version__affected", queryset=packages[:MAX_PARTS], to_attr="first_affected"))
        .order_by("pk")
    )
    return tuple(rows[:limit])


def listed(evidence: Evidence, *, limit: int) -> AdvisorySighting | None:
    """Return the version of a list that came first with a document, with its `first_rows`. Two statements."""
    sighting = AdvisorySighting.objects.filter(evidence_id=evidence.pk).select_related("version").first()
    if sighting is not None:
        rows = ListedIndicator.objects.filter(version_id=sighting.version_id).order_by("position")
        sighting.first_rows = list(rows[:limit])  # type: ignore[attr-defined]
    return sighting
