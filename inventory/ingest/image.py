"""Apply an image index, manifest or config: what belongs together, what it says of itself, what refers to it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import connection

from inventory.formats.image_claims import cosign_subject
from inventory.formats.image_records import ReferrerRecord
from inventory.formats.records import ArtifactKind
from inventory.ingest import attestations, memberships, registry_sql, understood
from inventory.ingest.names import split_names
from inventory.ingest.result import Applied
from inventory.ingest.runtime_sql import ADD_NAMES
from inventory.ingest.upsert import intern_artifacts
from supplychain.exchange import Query, exchange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from inventory.formats.image_records import ImageRecord, LayerRecord
    from inventory.ingest.names import Name
    from inventory.models import Evidence

_FORMATS = {
    ArtifactKind.OCI_INDEX: "oci_index",
    ArtifactKind.OCI_CONFIG: "oci_config",
    ArtifactKind.OCI_MANIFEST: "oci_manifest",
}


def apply(record: ImageRecord, *, evidence: Evidence, at: datetime) -> Applied:
    """Write the rows of an index, manifest or config in the caller's transaction, as statements of the evidence's team.

    What runs is joined anew: containers that reported the index may now be known by the SBOM of a member.
    """
    names = split_names([evidence.name], version=evidence.version)
    if record.signatures:
        attestations.state(record.signatures, evidence=evidence, at=at)
    referrers = _referrers(record, names=names)
    ids = _state(record, referrers=referrers, evidence=evidence)
    ids |= memberships.state(record.memberships, configs=record.configs, evidence=evidence, read=record.digest)
    _add_names(ids[str(record.digest)], names=[(name.name, name.tag) for name in names], evidence=evidence, at=at)
    return Applied(
        kind="image",
        format=_FORMATS[record.kind],
        format_version="",
        subjects=(str(record.digest),),
        counts={
            "members": len(record.memberships),
            "configs": len(record.configs),
            "claims": len(record.claims),
            "referrers": len(referrers),
            "layers": len(record.layers),
            "signatures": len(record.signatures),
        },
        warnings=tuple(record.warnings),
        understood=understood.of_image(record, referrers=referrers),
    )


def _referrers(record: ImageRecord, *, names: Sequence[Name]) -> list[ReferrerRecord]:
    """Return what refers to what: as the document says, and as the tag says that it was sent under.

    cosign puts a signature beside an image under `sha256-<hex>.sig`, registries without referrers list them in an index
    under `sha256-<hex>`.
    """
    found = list(record.referrers)
    for beside in filter(None, (cosign_subject(name.tag) for name in names)):
        if beside.subject == record.digest:
            continue
        if record.kind is ArtifactKind.OCI_INDEX:
            found += [ReferrerRecord(beside.subject, digest, kind) for digest, kind in record.artifacts]
        elif beside.suffix:
            found.append(ReferrerRecord(beside.subject, record.digest, f"cosign {beside.suffix}"))
    return list(dict.fromkeys(found))


def _state(record: ImageRecord, *, referrers: Sequence[ReferrerRecord], evidence: Evidence) -> dict[str, int]:
    """Write claims, referrers and layers, one statement each, and return {digest: artifact id} of all named."""
    ids = intern_artifacts(
        {str(record.digest)}
        | {str(claim.artifact) for claim in record.claims}
        | {str(one.subject) for one in referrers}
        | {str(one.referrer) for one in referrers}
    )
    claims: list[Mapping[str, object]] = [
        {"artifact": ids[str(claim.artifact)], "claim": claim.claim.value, "value": claim.value}
        for claim in record.claims
    ]
    pairs: list[Mapping[str, object]] = [
        {"subject": ids[str(one.subject)], "referrer": ids[str(one.referrer)], "artifact_type": one.artifact_type}
        for one in referrers
    ]
    layers = list(_layers(record.layers, ids=ids))
    written = (
        (registry_sql.ADD_CLAIMS, claims),
        (registry_sql.ADD_REFERRERS, pairs),
        (registry_sql.ADD_LAYERS, layers),
    )
    queries = [
        Query(statement, {"team": evidence.team_id, "evidence": evidence.pk, "rows": json.dumps(rows)})
        for statement, rows in written
        if rows
    ]
    if queries:
        exchange(queries)
    return ids


def _layers(layers: Sequence[LayerRecord], *, ids: Mapping[str, int]) -> Iterator[Mapping[str, object]]:
    """Yield a row for each layer. Equal chains are equal layers from the bottom on (migration 0038)."""
    by_artifact: dict[str, list[LayerRecord]] = {}
    for layer in layers:
        by_artifact.setdefault(str(layer.artifact), []).append(layer)
    for artifact, stack in by_artifact.items():
        chain, top = b"", max(layer.position for layer in stack)
        for layer in sorted(stack, key=lambda layer: layer.position):
            chain = sha256(chain + str(layer.digest).encode()).digest()[:16]
            yield {
                "artifact": ids[artifact],
                "position": layer.position,
                "digest": str(layer.digest),
                "is_diff_id": layer.is_diff_id,
                "chain": chain.hex(),
                "is_last": layer.position == top,
            }


def _add_names(artifact_id: int, *, names: list[tuple[str, str]], evidence: Evidence, at: datetime) -> None:
    """Keep what the sender calls the image; the projection's lock is held, as for every name (ingest/sbom.py)."""
    if not names:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            ADD_NAMES,
            {
                "at": at,
                "teams": [evidence.team_id] * len(names),
                "artifacts": [artifact_id] * len(names),
                "names": [name for name, _ in names],
                "tags": [tag for _, tag in names],
            },
        )
