"""Apply an image index or manifest: which manifests an index lists, and which config a manifest has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from inventory.formats.records import ArtifactKind
from inventory.ingest import memberships, understood
from inventory.ingest.names import split_names
from inventory.ingest.result import Applied
from inventory.ingest.runtime_sql import ADD_NAMES
from inventory.ingest.upsert import intern_artifacts

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.formats.records import ImageRecord
    from inventory.models import Evidence


def apply(record: ImageRecord, *, evidence: Evidence, at: datetime) -> Applied:
    """Write the rows of an index or manifest inside the caller's transaction, as statements of the evidence's team.

    What runs is joined anew: containers that reported the index may now be known by the SBOM of a member.
    """
    ids = intern_artifacts({str(record.digest)})
    ids |= memberships.state(record.memberships, configs=record.configs, evidence=evidence)
    names = split_names([evidence.name], version=evidence.version)
    _add_names(ids[str(record.digest)], names=[(name.name, name.tag) for name in names], evidence=evidence, at=at)
    return Applied(
        kind="image",
        format="oci_index" if record.kind is ArtifactKind.OCI_INDEX else "oci_manifest",
        format_version="",
        subjects=(str(record.digest),),
        counts={"members": len(record.memberships), "configs": len(record.configs)},
        warnings=tuple(record.warnings),
        understood=understood.of_image(record),
    )


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
