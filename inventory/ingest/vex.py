"""Apply statements about vulnerabilities (VEX): a document of its own, or those inside an SBOM.

All statements of a document are kept as they were made. Which one counts where several speak of the same thing is
decided when they are read, so a late document changes no earlier row.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inventory.formats.advisory_records import RawRecord
from inventory.formats.records import storable
from inventory.ingest import advisories
from inventory.ingest.result import Applied
from supplychain.exchange import Query, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.formats.records import VexRecord
    from inventory.formats.vex_records import VexProductRecord, VexStatementRecord
    from inventory.models import Evidence

_NO_COMPONENTS: Mapping[str, int] = {"components": 0, "components_stored": 0, "components_rejected": 0}
"""What a CycloneDX document lists that holds statements alone: its sender may have meant an SBOM."""
BATCH_PRODUCTS = 20_000
"""Products written by one statement: some 10 MB of parameters."""

ADD = Statement("""
WITH stated AS (
    INSERT INTO inventory_vexstatement (team_id, evidence_id, position, pointer, vulnerability, names, status,
        status_given, justification, justification_given, impact, action, issuer, document_id, stated_at)
    SELECT %(team)s::bigint, %(evidence)s::bigint, s.position, s.pointer, s.vulnerability, s.names, s.status,
        s.status_given, s.justification, s.justification_given, s.impact, s.action, %(issuer)s, %(document)s,
        coalesce(s.stated_at, %(at)s::timestamptz)
    FROM jsonb_to_recordset(%(statements)s::jsonb) AS s(position int, pointer text, vulnerability text, names text[],
        status text, status_given text, justification text, justification_given text, impact text, action text,
        stated_at timestamptz)
    RETURNING id, position)
INSERT INTO inventory_vexproduct (statement_id, position, parent, given, type, namespace_key, name_key, version,
    version_range, digest, cpe)
SELECT stated.id, p.position, p.parent, p.given, p.type, p.namespace_key, p.name_key, p.version, p.version_range,
    p.digest, p.cpe
FROM jsonb_to_recordset(%(products)s::jsonb) AS p(statement int, position int, parent int, given text, type text,
    namespace_key text, name_key text, version text, version_range text, digest text, cpe text)
JOIN stated ON stated.position = p.statement
""")


def apply(record: VexRecord, *, evidence: Evidence) -> Applied:
    """Write a document's statements, as those of the evidence's team; of CSAF also the advisory that it is."""
    if record.advisory is not None:
        digest = bytes.fromhex(evidence.blob_id.removeprefix("sha256:"))
        advisories.apply_one(record.advisory, RawRecord("", b"", digest), evidence=evidence)
    return Applied(
        kind="vex",
        format=record.format,
        format_version=record.format_version[:32],
        subjects=(),
        counts={**_NO_COMPONENTS, **counts(record)} if record.format == "cyclonedx" else counts(record),
        warnings=tuple(record.warnings),
        writes=tuple(writes(record, evidence=evidence)),
    )


def counts(record: VexRecord) -> Mapping[str, int]:
    """Return what a receipt shows of statements: those read and those not add up to those of the document."""
    return {
        "statements": record.statement_count,
        "statements_stored": len(record.statements),
        "statements_rejected": record.rejected_count,
        "products": sum(len(statement.products) for statement in record.statements),
    }


def writes(record: VexRecord, *, evidence: Evidence, first: int = 0) -> Iterator[Query]:
    """Yield the statements that store what the record says, some thousand products each; nothing where it is empty.

    `first` is the number of the record's first statement in the document, where it holds several records.
    They go with the row that says how the document ended, in its transaction.
    """
    said_at = record.created_at or evidence.received_at
    for numbered in _batches(record.statements, first=first):
        statements = [_statement(statement, position=position) for position, statement in numbered]
        products = [row for position, statement in numbered for row in _products(statement, position=position)]
        yield Query(
            ADD,
            {
                "team": evidence.team_id,
                "evidence": evidence.pk,
                "issuer": storable(record.issuer)[:1024],
                "document": storable(record.document_id)[:1024],
                "at": said_at,
                "statements": json.dumps(statements),
                "products": json.dumps(products),
            },
        )


def _batches(statements: Sequence[VexStatementRecord], *, first: int) -> Iterator[list[tuple[int, VexStatementRecord]]]:
    batch: list[tuple[int, VexStatementRecord]] = []
    size = 0
    for numbered in enumerate(statements, first):
        batch.append(numbered)
        size += 1 + sum(1 + len(product.subcomponents) for product in numbered[1].products)
        if size >= BATCH_PRODUCTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _statement(statement: VexStatementRecord, *, position: int) -> dict[str, object]:
    names = dict.fromkeys(name.upper() for name in (statement.vulnerability, *statement.aliases))
    return {
        "position": position,
        "pointer": storable(statement.pointer)[:1024],
        "vulnerability": storable(statement.vulnerability)[:255],
        "names": [storable(name)[:255] for name in names],
        "status": statement.status.value,
        "status_given": storable(statement.status_given)[:64],
        "justification": statement.justification,
        "justification_given": storable(statement.justification_given)[:255],
        "impact": storable(statement.impact),
        "action": storable(statement.action),
        "stated_at": None if statement.stated_at is None else statement.stated_at.isoformat(),
    }


def _products(statement: VexStatementRecord, *, position: int) -> Iterator[dict[str, object]]:
    place = 0
    for product in statement.products:
        parent = place
        yield _product(product, statement=position, position=place, parent=None)
        place += 1
        for subcomponent in product.subcomponents:
            yield _product(subcomponent, statement=position, position=place, parent=parent)
            place += 1


def _product(product: VexProductRecord, *, statement: int, position: int, parent: int | None) -> dict[str, object]:
    purl = product.purl
    return {
        "statement": statement,
        "position": position,
        "parent": parent,
        "given": storable(product.given)[:2048],
        "type": purl.key.type[:32] if purl else "",
        "namespace_key": purl.key.namespace[:1024] if purl else "",
        "name_key": purl.key.name[:1024] if purl else "",
        "version": purl.version[:1024] if purl else "",
        "version_range": storable(product.version_range),
        "digest": "" if product.digest is None else str(product.digest),
        "cpe": storable(product.cpe)[:1024],
    }
