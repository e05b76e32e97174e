"""What has been stated about vulnerabilities of one artifact, as OpenVEX 0.2.0 (openvex/spec, OPENVEX-SPEC.md).

Statements are written as they were made, about the products they were made about, oldest first: of two about the same
thing the later one counts (specification, Updating statements). Nothing is concluded here: a statement about a package
that the artifact contains stays one about that package.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, uuid5

from inventory.formats.vex_records import VexStatus
from inventory.graph.artifact_vex import is_about, stated_about
from inventory.graph.artifacts import find_artifact
from inventory.graph.exports.cpes import cpe_version
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.graph.artifact_vex import StatedRow
    from supplychain.access.actors import Actor

MEDIA_TYPE: Final = "application/json"
MAX_STATEMENTS: Final = 5_000

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


def export_vex(digest: str, *, actor: Actor) -> bytes:
    """Return what is stated about an artifact and about the packages in it; the same statements give the same bytes.

    Two statements. Raises ArtifactNotFoundError, TooManyStatementsError.
    """
    found = stated_about(find_artifact(digest, actor=actor), digest, actor=actor)
    written = [made for group in found.groups if (made := _statement(group)) is not None]
    if found.has_more or len(written) > MAX_STATEMENTS:
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


def _statement(rows: Sequence[StatedRow]) -> Object | None:
    """Write one statement with those of its products that are the artifact or in it; None where none is."""
    about = {row.position for row in rows if is_about(row)}
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


def _reasons(row: StatedRow) -> Object:
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


def _product(row: StatedRow, *, below: Sequence[StatedRow]) -> Object:
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
