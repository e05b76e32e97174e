"""Which images an artifact was built on, by every way that tells: none of them proves that nothing else is below.

Read when asked, from what provenance, labels and manifests said; so what arrives later about either image counts too.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.graph.artifacts import find_artifact
from inventory.graph.families import visible_teams
from inventory.graph.judged import JUDGED
from inventory.graph.statements import fetch
from inventory.graph.visibility import VISIBLE_ARTIFACT, own

if TYPE_CHECKING:
    from uuid import UUID

    from supplychain.access.actors import Actor

MAX_BASES = 100
EMPTY_LAYERS = (
    "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4",
    "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
)
"""A layer without files, as it is stored and unpacked: that two images share it says nothing."""


class BaseMethod(enum.StrEnum):
    """How it is known."""

    PROVENANCE = "provenance_dependency"
    """A build's provenance names the image among its inputs."""
    ANNOTATION = "annotation"
    """The image names it in `org.opencontainers.image.base.digest`; whoever built it wrote that."""
    SPDX = "spdx_descendant_of"
    """An SPDX document about the image says that it is a DESCENDANT_OF the other."""
    LAYER_PREFIX = "layer_prefix"
    """The image begins with all layers of the other one, in their order."""


@dataclass(frozen=True, slots=True)
class BaseImage:
    """One image below. `confidence` is high, medium or low; `is_known`: the asker can look the digest up."""

    digest: str
    name: str
    method: BaseMethod
    confidence: str
    evidence: UUID
    pointer: str
    layer_count: int | None
    is_known: bool


_EMPTY = ", ".join(f"'{digest}'" for digest in EMPTY_LAYERS)
_BASES = f"""
WITH asked AS (SELECT unnest(%(ids)s::int[]) AS id), {JUDGED},
built AS (
    SELECT DISTINCT ON (d.digest) d.digest, coalesce(nullif(d.name, ''), d.uri) AS name,
           '{BaseMethod.PROVENANCE}' AS method,
           CASE WHEN j.verdict = 'verified_expected' THEN 'high' ELSE 'medium' END AS confidence,
           e.public_id, c.pointer, NULL::bigint AS layers
    FROM judged j
    JOIN inventory_provenancedependency d ON d.provenance_id = j.attestation_id AND d.digest <> ''
    JOIN LATERAL (SELECT * FROM inventory_attestationsource s WHERE s.attestation_id = j.attestation_id
                  ORDER BY s.id LIMIT 1) c ON true
    JOIN inventory_evidence e ON e.id = c.evidence_id
    WHERE d.uri ~ '^(pkg:(docker|oci)/|docker://|oci://)'
    ORDER BY d.digest, j.rank, d.position
),
labelled AS (
    SELECT DISTINCT ON (c.value, c.claim) c.value AS digest, coalesce((
               SELECT n.value FROM inventory_artifactclaim n
               WHERE n.artifact_id = c.artifact_id AND n.team_id = c.team_id AND n.claim = 'base_name'
               ORDER BY n.id LIMIT 1), '') AS name,
           CASE c.claim WHEN 'base_digest' THEN '{BaseMethod.ANNOTATION}' ELSE '{BaseMethod.SPDX}' END AS method,
           'medium' AS confidence, e.public_id, '' AS pointer, NULL::bigint AS layers
    FROM same s JOIN inventory_artifactclaim c ON c.artifact_id = s.id AND c.claim IN ('base_digest', 'base_spdx')
    JOIN inventory_evidence e ON e.id = c.evidence_id
    WHERE {own("c.team_id")} ORDER BY c.value, c.claim, c.id
),
mine AS (
    SELECT DISTINCT l.artifact_id, l.position, l.digest, l.is_diff_id, l.chain
    FROM same s JOIN inventory_imagelayer l ON l.artifact_id = s.id WHERE {own("l.team_id")}
),
theirs AS (
    SELECT DISTINCT l.artifact_id, l.position, l.digest, l.is_diff_id
    FROM inventory_imagelayer l
    WHERE {own("l.team_id")} AND l.artifact_id NOT IN (SELECT id FROM same) AND l.artifact_id IN (
        SELECT b.artifact_id FROM inventory_imagelayer b JOIN mine m ON m.chain = b.chain
        WHERE b.is_last)
),
below AS (
    SELECT t.artifact_id, count(*) AS layers, count(*) FILTER (WHERE t.digest NOT IN ({_EMPTY})) AS solid
    FROM theirs t JOIN mine m ON m.position = t.position AND m.digest = t.digest AND m.is_diff_id = t.is_diff_id
    GROUP BY t.artifact_id, m.artifact_id
    HAVING count(*) = (SELECT count(*) FROM theirs o WHERE o.artifact_id = t.artifact_id)
       AND count(*) < (SELECT count(*) FROM mine o WHERE o.artifact_id = m.artifact_id)
),
layered AS (
    SELECT DISTINCT ON (a.digest) a.digest, coalesce((
               SELECT min(CASE WHEN n.tag = '' THEN n.name ELSE n.name || ':' || n.tag END)
               FROM inventory_artifactname n WHERE n.artifact_id = a.id AND {own("n.team_id")}), '') AS name,
           '{BaseMethod.LAYER_PREFIX}' AS method, CASE WHEN b.solid > 1 THEN 'high' ELSE 'low' END AS confidence,
           e.public_id, '' AS pointer, b.layers
    FROM below b
    JOIN inventory_artifact a ON a.id = b.artifact_id
    JOIN inventory_imagelayer l ON l.artifact_id = b.artifact_id AND l.position = 0 AND {own("l.team_id")}
    JOIN inventory_evidence e ON e.id = l.evidence_id
    WHERE b.solid > 0 ORDER BY a.digest, b.layers DESC, l.id
)
SELECT f.digest, f.name, f.method, f.confidence, f.public_id, f.pointer, f.layers,
       EXISTS (SELECT FROM inventory_artifact a WHERE a.digest = f.digest AND {VISIBLE_ARTIFACT})
FROM (SELECT * FROM built UNION ALL SELECT * FROM labelled UNION ALL SELECT * FROM layered) f
ORDER BY array_position(ARRAY['high', 'medium', 'low'], f.confidence), f.layers DESC NULLS LAST, f.digest, f.method
LIMIT %(limit)s
"""


def list_base_images(digest: str, *, actor: Actor) -> list[BaseImage]:
    """Return the images that a visible artifact was built on, the surest first. Two statements.

    Raises ArtifactNotFoundError.
    """
    parameters = {
        "ids": [find_artifact(digest, actor=actor)],
        "teams": visible_teams(actor),
        "limit": MAX_BASES,
    }
    return fetch(_base_image, _BASES, parameters)


def _base_image(digest: str, name: str, method: str, *rest: object) -> BaseImage:
    return BaseImage(digest, name, BaseMethod(method), *rest)  # type: ignore[arg-type]  # columns in the fields' order
