"""What has been stated about vulnerabilities of one artifact, as OpenVEX 0.2.0 (openvex/spec, OPENVEX-SPEC.md).

Statements are written as they were made, about the products they were made about, oldest first: of two about the same
thing the later one counts (specification, Updating statements). Nothing is concluded here: a statement about a package
that the artifact contains stays one about that package.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, uuid5

from inventory.formats.vex_records import VexStatus
from inventory.graph.artifacts import find_artifact
from inventory.graph.exports.cpes import cpe_version
from inventory.graph.families import visible_teams
from inventory.graph.statements import fetch
from inventory.graph.visibility import own
from inventory.identity.versions import RangeError, UnevaluableVersion, parse_range
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from supplychain.access.actors import Actor

MEDIA_TYPE: Final = "application/json"
MAX_STATEMENTS: Final = 5_000

_FOUND = f"""
WITH held AS (
    SELECT DISTINCT c.package_id, c.version
    FROM inventory_snapshotsubject s
    JOIN inventory_track t ON t.id = s.track_id
    JOIN inventory_presence p ON p.track_id = s.track_id AND p.from_seq <= s.seq AND p.to_seq > s.seq
    JOIN inventory_component c ON c.id = p.component_id AND c.has_purl
    WHERE s.artifact_id = %(id)s AND {own("t.team_id")}
), about AS (
    SELECT p.id, p.statement_id, '' AS version FROM inventory_vexproduct p WHERE p.digest = %(digest)s
    UNION ALL
    SELECT p.id, p.statement_id, h.version
    FROM held h JOIN inventory_package k ON k.id = h.package_id
    JOIN inventory_vexproduct p ON p.type = k.type AND p.namespace_key = k.namespace_key AND p.name_key = k.name_key
        AND p.digest = '' AND (p.version = '' OR p.version = h.version)
)
SELECT x.id, e.public_id, x.vulnerability, x.names, x.status, x.justification, x.justification_given, x.impact,
    x.action, x.issuer, x.stated_at, x.position, p.position, p.parent, p.given, p.type, p.version_range, p.digest,
    p.cpe, about.version
FROM inventory_vexstatement x
JOIN inventory_evidence e ON e.id = x.evidence_id
JOIN inventory_vexproduct p ON p.statement_id = x.id
LEFT JOIN about ON about.id = p.id
WHERE x.id IN (SELECT statement_id FROM about) AND {own("x.team_id")}
ORDER BY x.stated_at, e.public_id, x.position, p.position, about.version LIMIT %(limit)s
"""
_MAX_ROWS = 200_000
_HASHES: Final = {"sha256": "sha-256", "sha384": "sha-384", "sha512": "sha-512"}

Object = dict[str, object]


class TooManyStatementsError(DomainError):
    """More has been stated about the artifact than one answer may hold."""

    def __init__(self) -> None:
        super().__init__(
            "export_too_large",
            f"More than {MAX_STATEMENTS:,} statements are about this artifact; they are not written as one document. "
            "Download the documents that make them instead: /api/v1/evidence?kind=vex",
            status=413,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A product of a statement; `held` is a version of it in the artifact, '' the artifact itself, None neither."""

    statement_id: int
    evidence: UUID
    vulnerability: str
    names: list[str]
    status: str
    justification: str
    justification_given: str
    impact: str
    action: str
    issuer: str
    stated_at: datetime
    statement_position: int
    position: int
    parent: int | None
    given: str
    type: str
    version_range: str
    digest: str
    cpe: str
    held: str | None


def export_vex(digest: str, *, actor: Actor) -> bytes:
    """Return what is stated about an artifact and about the packages in it; the same statements give the same bytes.

    Two statements. Raises ArtifactNotFoundError, TooManyStatementsError.
    """
    artifact_id = find_artifact(digest, actor=actor)
    parameters = {"id": artifact_id, "digest": digest, "teams": visible_teams(actor), "limit": _MAX_ROWS + 1}
    rows = fetch(_Row, _FOUND, parameters)
    stated: dict[int, list[_Row]] = {}
    for row in rows:
        stated.setdefault(row.statement_id, []).append(row)
    written = [made for group in stated.values() if (made := _statement(group)) is not None]
    if len(rows) > _MAX_ROWS or len(written) > MAX_STATEMENTS:
        raise TooManyStatementsError
    return write_document(
        digest, statements=written, role="Collector: each statement is its issuer's, named in status_notes"
    )


def write_document(about: str, *, statements: Sequence[Object], role: str) -> bytes:
    """Return an OpenVEX document whose id and time follow from what it says: the same content gives the same bytes."""
    content = json.dumps([about, statements], ensure_ascii=False)
    newest = max((str(statement["timestamp"]) for statement in statements), default="1970-01-01T00:00:00Z")
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": f"urn:uuid:{uuid5(NAMESPACE_URL, hashlib.sha256(content.encode()).hexdigest())}",
        "author": "supplychain",
        "role": role,
        "timestamp": newest,
        "version": 1,
        "tooling": "supplychain",
        "statements": statements,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _statement(rows: Sequence[_Row]) -> Object | None:
    """Write one statement with those of its products that are the artifact or in it; None where none is."""
    about = {row.position for row in rows if _is_about(row)}
    shown = about | {row.parent for row in rows if row.parent is not None and row.position in about}
    products = [
        _product(row, below=[one for one in rows if one.parent == row.position])
        for row in {row.position: row for row in rows if row.parent is None and row.position in shown}.values()
    ]
    if not products:
        return None
    first = rows[0]
    vulnerability: Object = {"name": first.vulnerability}
    aliases = [name for name in first.names if name != first.vulnerability.upper()]
    if aliases:
        vulnerability["aliases"] = aliases
    return {
        "vulnerability": vulnerability,
        "timestamp": first.stated_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "products": products,
        "status": first.status,
        "status_notes": f"Stated by {first.issuer or 'nobody named'} in evidence {first.evidence}.",
        **_reasons(first),
    }


def _reasons(row: _Row) -> Object:
    """Write what the specification demands of a status; where the statement left it out, that is what is said."""
    told: Object = {}
    if row.justification:
        told["justification"] = row.justification
    if row.impact:
        told["impact_statement"] = row.impact
    elif row.status == VexStatus.NOT_AFFECTED and not row.justification:
        told["impact_statement"] = row.justification_given or "The statement gives no reason."
    if row.status == VexStatus.AFFECTED:
        told["action_statement"] = row.action or "The statement names no action."
    return told


def _product(row: _Row, *, below: Sequence[_Row]) -> Object:
    product: Object = {"@id": row.given}
    if row.given.startswith("pkg:"):
        product["identifiers"] = {"purl": row.given}
    elif version := cpe_version(row.cpe):
        product["identifiers"] = {f"cpe{version.replace('.', '')}": row.cpe}
    algorithm, _, value = row.digest.partition(":")
    if algorithm in _HASHES:
        product["hashes"] = {_HASHES[algorithm]: value}
    if below:
        named = {one.position: one for one in below}.values()
        product["subcomponents"] = [_product(one, below=()) for one in named]
    return product


def _is_about(row: _Row) -> bool:
    """Tell whether a product is the artifact, or a package of a version that the artifact contains.

    A range that cannot be judged is taken to hold it: a statement too many is seen, one too few is not.
    """
    if row.held is None:
        return False
    if not row.held or not row.version_range:
        return True
    try:
        return parse_range(row.type, row.version_range).contains(row.held)
    except (RangeError, UnevaluableVersion):
        return True
