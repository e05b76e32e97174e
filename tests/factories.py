"""Rows and documents for tests: plain functions. What ingest writes is made by ingest itself, from real bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import zstandard

from inventory.ingest import upsert
from inventory.ingest.process import process_next
from inventory.models import READABLE, Evidence, EvidenceBlob, EvidenceState
from supplychain.access.actors import Actor
from supplychain.access.models import Team
from tests.written import (
    advisory,
    cyclonedx,
    deployment,
    digest,
    digest_of,
    image_index,
    image_manifest,
    openvex,
    referring_manifest,
    registry_event,
)

__all__ = [
    "SEES_ALL",
    "START",
    "advisory",
    "apply_waiting",
    "cyclonedx",
    "deployment",
    "digest",
    "digest_of",
    "image_index",
    "image_manifest",
    "later",
    "member_of",
    "openvex",
    "referring_manifest",
    "registry_event",
    "report",
    "snapshot",
    "store",
    "submit",
]

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SEES_ALL = Actor(team_ids=None, label="test:responder")


def member_of(*slugs: str) -> Actor:
    """Return an actor who sees exactly these teams."""
    ids = frozenset(Team.objects.get_or_create(slug=slug, defaults={"name": slug})[0].pk for slug in slugs)
    return Actor(team_ids=ids, label="test:member")


def submit(
    team: str, data: bytes, *, at: datetime = START, is_observation: bool = False, **parameters: Any
) -> Evidence:
    """Store a document as intake does, and let the worker apply it. Fails the test when it was not applied."""
    evidence = store(team, data, at=at, is_observation=is_observation, **parameters)
    apply_waiting()
    state = EvidenceState.objects.get(pk=evidence.pk)
    assert state.state in READABLE, (state.state, state.error)
    return evidence


def report(team: str, *records: Mapping[str, Any], at: datetime = START) -> Evidence:
    """Store and apply deployment records as one report."""
    return submit(team, json.dumps(list(records)).encode(), at=at, is_observation=True)


def snapshot(
    team: str, *records: Mapping[str, Any], at: datetime = START, cluster: str = "prod-eu", namespaces: str = "*"
) -> Evidence:
    """Store and apply the full list of what runs in a cluster, or in one of its namespaces."""
    body = json.dumps({"namespaces": [namespaces], "records": list(records)}).encode()
    return submit(team, body, at=at, is_observation=True, declared_kind="snapshot", cluster=cluster)


def store(team: str, data: bytes, *, at: datetime = START, is_observation: bool = False, **parameters: Any) -> Evidence:
    """Store a document that waits in the queue."""
    team_id = Team.objects.get_or_create(slug=team, defaults={"name": team})[0].pk
    blob, _ = EvidenceBlob.objects.get_or_create(
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        defaults={"size_bytes": len(data), "data": zstandard.compress(data), "stored_at": at},
    )
    evidence = Evidence.objects.create(
        team_id=team_id,
        blob=blob,
        size_bytes=len(data),
        audit_sequence=Evidence.objects.count() + 1,
        received_at=at,
        is_observation=is_observation,
        **parameters,
    )
    EvidenceState.objects.create(evidence=evidence, team_id=team_id, queued_at=at)
    return evidence


def apply_waiting() -> None:
    """Work through the queue, as a worker that has just started: it remembers no ids of tests rolled back before.

    Interns inside the test's own transaction: on a connection of its own it would not be seen, and not be rolled back.
    """
    upsert.follow_generation(0)
    with patch.object(upsert, "ALIAS", "default"):
        while process_next():
            pass


def later(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)
