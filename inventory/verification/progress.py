"""How much of verification is due: for the queue's doors, the page of operations, metrics and the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Q
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from inventory.models import Attestation, AttestationVerdict, TrustRootVersion, VerificationResult, trust_version
from inventory.models.verification import OF_ATTESTATIONS
from inventory.verification import due_sql
from supplychain.exchange import Query, exchange, to_int
from supplychain.ops import facts
from supplychain.ops.findings import Finding

if TYPE_CHECKING:
    from supplychain.access.actors import Actor


UNREADABLE_ROOTS: Final = "unreadable_roots"
"""The fact by which a verifier tells which roots in force it could not read: the web server does not load them."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far verification is. `verdicts` are those in force, the ones that are due again included."""

    attestation_count: int
    due_count: int
    verdicts: Mapping[str, int]


def read_progress(*, actor: Actor) -> Progress:
    """Return how far it is with what the actor sees; two statements."""
    is_due = Q(verdict_in_force__isnull=True) | Q(verdict_in_force__trust_version__lt=trust_version())
    rows = list(
        Attestation.objects.visible_to(actor)
        .values_list("verdict_in_force__verdict")
        .annotate(count=Count("pk"), due=Count("pk", filter=is_due))
        .order_by()
    )
    found = {verdict: count for verdict, count, _ in rows if verdict is not None}
    return Progress(
        attestation_count=sum(count for _, count, _ in rows),
        due_count=sum(due for _, _, due in rows),
        verdicts={verdict.value: found.get(verdict.value, 0) for verdict in OF_ATTESTATIONS},
    )


def is_due(*, recent: int) -> bool:
    """Tell whether something is due among the newest attestations, or since trust changed; three statements.

    Looking at all of them for one without a verdict reads them all, which is for the sweep.
    """
    newest = to_int(exchange([Query(due_sql.NEWEST)])[0][0][0])
    [rows] = exchange([Query(due_sql.IS_DUE, {"version": trust_version(), "after": newest - recent})])
    return bool(to_int(rows[0][0]))


def count_due() -> int:
    """Count all that is due, whoever's it is; for those who see every team."""
    [rows] = exchange([Query(due_sql.COUNT_DUE, {"version": trust_version(), "after": 0})])
    return to_int(rows[0][0])


def of_verification(_at: datetime) -> Iterable[Finding]:
    """Show what waits for verification, and what our own verifier failed at: that is never a verdict."""
    broken = AttestationVerdict.objects.filter(result__code="verifier_error").count()
    unreadable = _unreadable_roots()
    if unreadable:
        text = f"no reader of ours can read {', '.join(unreadable)}: it believes nobody (root_unreadable)"
        yield Finding("verification", "danger", text)
    if broken:
        text = f"the verifier failed at {broken} attestations: its log says why; none of them counts as verified"
        yield Finding("verification", "danger", text)
        return
    due = count_due()
    yield Finding("verification", "good", f"{due} attestations wait for it" if due else "everything is verified")


def _unreadable_roots() -> list[str]:
    """Return the names of versions that count and that a verifier told to be unreadable, unless one read it since."""
    told = facts.read_facts().get(UNREADABLE_ROOTS)
    if told is None:
        return []
    counting = TrustRootVersion.objects.filter(active_from__isnull=False, retired_at__isnull=True)
    return [
        f"{version.root.name}/{version.number}"
        for version in counting.filter(digest__in=told.details["digests"]).select_related("root")
        if not VerificationResult.objects.filter(roots__contains=[version.pk], evaluated_at__gt=told.at).exists()
    ]


class VerificationCollector(Collector):
    """Attestations that wait for verification, and those with a verdict."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "supplychain_verification_due_attestations", "Attestations that wait for verification", value=count_due()
        )
        verdicts = GaugeMetricFamily(
            "supplychain_attestation_verdicts", "Attestations by the verdict in force", labels=["verdict"]
        )
        rows = AttestationVerdict.objects.values_list("verdict").annotate(count=Count("pk")).order_by()
        found: dict[str, int] = dict(rows)
        for verdict in OF_ATTESTATIONS:
            verdicts.add_metric([verdict.value], found.get(verdict.value, 0))
        yield verdicts
