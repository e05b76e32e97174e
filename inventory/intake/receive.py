"""Take a document in: everything before the queue. A 202 is the promise that what is stored here is never lost.

Bytes, row and audit line are committed in one transaction; only then is a worker told. The answer depends on who asks,
the parameters, the size, the encoding and the first bytes: whatever needs a parse happens in the worker.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from inventory.formats.deployments import is_self_dated
from inventory.identity.digests import DigestError, parse_digest
from inventory.identity.listed import LIST_NAME
from inventory.ingest import process
from inventory.intake import body, receive_sql
from inventory.models import BlobPlace, Evidence, EvidenceKind, EvidenceState, EvidenceTombstone
from inventory.store import blobs
from inventory.tasks import is_rung, process_evidence
from supplychain.access import audit
from supplychain.errors import DomainError
from supplychain.exchange import Query, exchange, to_int

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from supplychain.access.actors import Actor

logger = logging.getLogger(__name__)

_OBSERVATIONS = frozenset({EvidenceKind.DEPLOYMENT.value, EvidenceKind.SNAPSHOT.value})
"""Kinds of which every call is a new observation (docs/runtime.md)."""
_MAX_DATED_BYTES = 1 << 20
_MAX_LENGTHS = {"name": 1024, "version": 255, "repository": 1024, "commit": 64, "cluster": 255, "environment": 255}


class UploadParameterError(DomainError):
    """A parameter of an upload cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_parameter", message, status=400)


class OutsideBindingError(DomainError):
    """The key is bound to other repositories, clusters, environments or kinds."""

    def __init__(self, message: str) -> None:
        super().__init__("outside_binding", message, status=403)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the sender says about a document, canonical. `filename` is shown only; the rest tells documents apart."""

    kind: str = ""
    artifacts: tuple[str, ...] = ()
    name: str = ""
    version: str = ""
    repository: str = ""
    commit: str = ""
    cluster: str = ""
    environment: str = ""
    filename: str = ""
    namespaces: tuple[str, ...] | None = None
    confirm_empty: bool = False

    def cleaned(self) -> Parameters:
        """Return these parameters with digests in canonical form, sorted.

        Raise UploadParameterError for what cannot be used.
        """
        for name, limit in _MAX_LENGTHS.items():
            value = getattr(self, name)
            if len(value) > limit or "\x00" in value:
                raise UploadParameterError(f"`{name}` must be at most {limit} characters, without NUL.")
        if self.kind and self.kind not in EvidenceKind.values:
            raise UploadParameterError(f"`kind` must be one of {', '.join(EvidenceKind.values)}.")
        if self.kind == EvidenceKind.LIST and not LIST_NAME.fullmatch(self.name):
            raise UploadParameterError(
                "`name` says what a list is asked for by: a letter, then at most 99 letters, digits, `.`, `_`, `-`."
            )
        try:
            digests = sorted({str(parse_digest(text)) for text in self.artifacts})
        except DigestError as error:
            raise UploadParameterError(
                f"`artifact` must be a digest such as sha256:<64 hex digits>: {error}"
            ) from error
        return replace(self, artifacts=tuple(digests), filename=self.filename.replace("\x00", "")[:255])


@dataclass(frozen=True, slots=True)
class Received:
    """What was stored, or had been stored before (`is_new` is False)."""

    evidence: Evidence
    is_new: bool


@dataclass(frozen=True, slots=True)
class Submission:
    """One upload: the document's chunks after multipart, how they are encoded, and what is said about them."""

    chunks: Iterable[bytes]
    content_encoding: str = ""
    media_type: str = ""
    parameters: Parameters = field(default_factory=Parameters)


def receive(submission: Submission, *, actor: Actor, team_id: int, at: datetime, limits: body.BodyLimits) -> Received:
    """Store a document and return its row once it is durable; a document this team sent before returns the first row.

    Raises DomainError for what the transport rules refuse (docs/api.md); then nothing is stored.
    """
    parameters = _bound(submission.parameters.cleaned(), actor=actor)
    _check_bindings(parameters, actor=actor)
    limits = replace(limits, takes_zip=parameters.kind == EvidenceKind.ADVISORY)
    stored = body.store(submission.chunks, encoding=submission.content_encoding, limits=limits)
    kept = blobs.keep(stored.digest, size_bytes=stored.size_bytes, frame=stored.data)
    key = _dedupe_key(stored, parameters, team_id=team_id)
    evidence = _new_row(stored, submission=submission, parameters=parameters, actor=actor, team_id=team_id, at=at)
    first = _store_or_find(evidence, key=key, kept=kept, actor=actor)
    if first is not None:
        return Received(first, is_new=False)
    EvidenceState(evidence=evidence, team_id=team_id, queued_at=at)
    transaction.on_commit(ring)
    return Received(evidence, is_new=True)


def _store_or_find(evidence: Evidence, *, key: bytes | None, kept: blobs.Kept, actor: Actor) -> Evidence | None:
    """Store a document under its key, or return the row that was stored under it before.

    A document whose bytes retention removed is new when it is sent again, under the next key of its chain.
    """
    while True:
        evidence.dedupe_key = key
        storing = [*_locking(key), blobs.adding(kept, at=evidence.received_at), _adding(evidence, actor=actor)]
        if _store(storing, kept=kept, evidence=evidence):
            return None
        first, is_removed = _find(key)
        if not is_removed:
            return first
        key = hashlib.sha256((key or b"") + first.public_id.bytes).digest()


def _find(key: bytes | None) -> tuple[Evidence, bool]:
    """Return the document that is stored under a key, and whether retention removed its bytes."""
    is_removed = Exists(EvidenceTombstone.objects.filter(evidence=OuterRef("pk")))
    found = Evidence.objects.select_related("state").annotate(is_removed=is_removed).get(dedupe_key=key)
    return found, found.is_removed


def _store(storing: Sequence[Query], *, kept: blobs.Kept, evidence: Evidence) -> bool:
    """Store a document in one transaction, which is one exchange where its bytes lie in the database.

    Returns False, and leaves no row, when its key was stored before.
    """
    if kept.place == BlobPlace.DATABASE:
        rows = exchange(storing)[-1]
    else:
        with transaction.atomic():
            blobs.confirm(kept)
            rows = exchange(storing)[-1]
    for row in rows:
        evidence.pk, evidence.audit_sequence = map(to_int, row)
    return bool(rows)


def put_back(evidence: Evidence, *, actor: Actor, at: datetime) -> None:
    """Queue a rejected or quarantined document again, on record; raises DomainError not_retryable for any other."""
    with transaction.atomic():
        if not process.retry(evidence.pk, at=at):
            raise DomainError(
                "not_retryable", "Only a rejected or quarantined document can be tried again.", status=409
            )
        audit.record(actor, "evidence.retried", subject=str(evidence.public_id), details={})
        transaction.on_commit(ring)


def ring() -> None:
    """Tell a worker that evidence waits. A broker that is away costs time, never evidence: the sweep finds the row."""
    try:
        if not is_rung():
            process_evidence.delay()
    except (KombuError, RedisError) as error:
        logger.warning("The broker is away; evidence waits for the sweep.", extra={"reason": type(error).__name__})


def _new_row(
    stored: body.StoredBody, *, submission: Submission, parameters: Parameters, actor: Actor, team_id: int, at: datetime
) -> Evidence:
    return Evidence(
        team_id=team_id,
        api_key_id=actor.key_id,
        user_id=actor.user_id,
        blob_id=stored.digest,
        size_bytes=stored.size_bytes,
        media_type=submission.media_type[:255],
        declared_kind=parameters.kind,
        is_observation=parameters.kind in _OBSERVATIONS,
        artifacts=list(parameters.artifacts),
        name=parameters.name,
        version=parameters.version,
        repository=parameters.repository,
        commit=parameters.commit,
        cluster=parameters.cluster,
        environment=parameters.environment,
        namespaces=None if parameters.namespaces is None else list(parameters.namespaces),
        confirm_empty=parameters.confirm_empty,
        filename=parameters.filename,
        received_at=at,
    )


def _bound(parameters: Parameters, *, actor: Actor) -> Parameters:
    """Fill in the repository of a key that is for one alone; one that is for several must be told which it is."""
    if parameters.repository or not actor.repository_bindings or parameters.kind in _OBSERVATIONS:
        return parameters
    if len(actor.repository_bindings) > 1:
        raise OutsideBindingError("This key is for several repositories: say which in `repository`.")
    return replace(parameters, repository=next(iter(actor.repository_bindings)))


def _check_bindings(parameters: Parameters, *, actor: Actor) -> None:
    bindings = {
        "kind": actor.kind_bindings,
        "cluster": actor.cluster_bindings,
        "repository": actor.repository_bindings,
        "environment": actor.environment_bindings,
    }
    for name, allowed in bindings.items():
        value = getattr(parameters, name)
        if allowed and value and value not in allowed:
            raise OutsideBindingError(f"This key is not for the {name} `{value}`.")


def _dedupe_key(stored: body.StoredBody, parameters: Parameters, *, team_id: int) -> bytes | None:
    """Return what makes a document a repeat, or None for an observation whose records do not say when they were made.

    docs/api.md, Evidence: the same report from a client's retry is a repeat only when every record is dated.
    """
    is_observation = parameters.kind in _OBSERVATIONS
    if is_observation and not _is_self_dated(stored):
        return None
    parts = [
        team_id,
        stored.digest,
        parameters.kind,
        parameters.artifacts,
        parameters.name,
        parameters.version,
        parameters.repository,
        parameters.commit,
        parameters.cluster,
        parameters.environment,
        parameters.namespaces,
        parameters.confirm_empty,
        is_observation,
    ]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).digest()


def _is_self_dated(stored: body.StoredBody) -> bool:
    """Read a report for its dates here, where a request waits, only when it is small; a large one is always new."""
    if stored.size_bytes > _MAX_DATED_BYTES:
        return False
    return is_self_dated(body.load(stored.data, limit=stored.size_bytes))


def _locking(key: bytes | None) -> list[Query]:
    """Take the key's lock first, so that of 50 equal uploads one is new and the others see it."""
    return [] if key is None else [Query(receive_sql.LOCK, {"lock": int.from_bytes(key[:8], "big", signed=True)})]


def _adding(evidence: Evidence, *, actor: Actor) -> Query:
    """Make the query that adds row, audit line and state, unless the key was stored before."""
    line = audit.insertion(
        actor,
        "evidence.received",
        subject=str(evidence.public_id),
        details={"digest": evidence.blob_id, "size_bytes": evidence.size_bytes},
    )
    told = {name: getattr(evidence, name) for name in receive_sql.COLUMNS}
    return Query(
        receive_sql.ADD,
        {
            **told,
            **{f"audit_{name}": value for name, value in line.values.items()},
            "public_id": str(evidence.public_id),
            "is_large": evidence.size_bytes >= settings.LARGE_DOCUMENT_BYTES,
        },
    )
