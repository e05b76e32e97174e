"""What of an answer is a hit: each artifact with each thing that matched it, and whether it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.models import Sight, WatchHit
from inventory.models import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from incidents.impact.answer import Header, Match, Row, WorkloadShown
    from incidents.models import Watch

PLACES_KEPT = 5
MAX_LENGTH = 1_024


@dataclass(frozen=True, slots=True)
class HitKey:
    """What a watch tells once."""

    artifact: str
    indicator: str
    sight: Sight


def hits_in(watch: Watch, header: Header, rows: Iterable[Row], *, at: datetime, is_before: bool) -> list[WatchHit]:
    """Return the hits of an answer, not stored yet. One statement, for when the documents came."""
    kept = list(rows)
    received = _received({match.evidence for row in kept for match in row.matches if match.evidence is not None})
    given = [_given(one.asked) for one in header.asked.indicators]
    found: dict[HitKey, WatchHit] = {}
    for row in kept:
        for hit in _of_row(watch, row, given=given, received=received, at=at):
            hit.is_before = is_before
            found.setdefault(key_of(hit), hit)
    return list(found.values())


def key_of(hit: WatchHit) -> HitKey:
    """Return what a hit is told once by."""
    return HitKey(hit.artifact, hit.indicator, Sight(hit.sight))


def _of_row(
    watch: Watch, row: Row, *, given: list[str], received: Mapping[UUID, datetime], at: datetime
) -> Iterator[WatchHit]:
    runs = [one for one in row.workloads if one.ended_at is None]
    about = row.artifact.digest or (row.artifact.names[0] if row.artifact.names else "")
    for match in row.matches or (None,):
        came = received.get(match.evidence) if match is not None and match.evidence is not None else None
        began = min((one.running_since for one in runs), default=None)
        yield WatchHit(
            watch=watch,
            artifact=about[:MAX_LENGTH],
            name=(row.artifact.names[0] if row.artifact.names else "")[:MAX_LENGTH],
            indicator=_indicator(match, given=given)[:MAX_LENGTH],
            sight=Sight.RUNNING if runs else Sight.FOUND,
            status=row.status.value,
            reason=(match.reason if match is not None else "")[:500],
            evidence=None if match is None else match.evidence,
            places=[_place(one) for one in runs[:PLACES_KEPT]],
            happened_at=max((moment for moment in (came, began) if moment is not None), default=at),
            seen_at=at,
        )


def _indicator(match: Match | None, *, given: list[str]) -> str:
    return given[match.indicator] if match is not None and match.indicator < len(given) else ""


def _given(asked: Mapping[str, object]) -> str:
    """Return an indicator as it was given; one that an advisory or a list named, as the package it is."""
    purl, versions = asked.get("purl"), asked.get("package_versions")
    if "advisory" not in asked or not purl:
        return str(asked.get("given") or purl or "")
    return f"{purl}@{versions[0]}" if isinstance(versions, list) and len(versions) == 1 else str(purl)


def _place(one: WorkloadShown) -> dict[str, str]:
    return {
        "cluster": one.cluster,
        "environment": one.environment,
        "namespace": one.namespace,
        "workload": f"{one.kind}/{one.name}",
        "service": one.service or "",
        "team": one.team,
    }


def _received(evidence: set[UUID]) -> Mapping[UUID, datetime]:
    return dict(Evidence.objects.filter(public_id__in=evidence).values_list("public_id", "received_at"))
