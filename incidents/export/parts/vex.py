"""The conclusion, as OpenVEX 0.2.0: which artifacts are affected, which still looked into, which replaced.

Nothing is ever stated to be not affected: an answer tells what matched, not what could not be known.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from incidents.export.members import data_member
from incidents.impact.answer import Status
from inventory.graph.exports.openvex import write_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.export.members import Member
    from incidents.export.subject import Subject
    from incidents.impact.answer import Row
    from incidents.models import QueryRun

MAX_PRODUCTS = 5_000
"""The widest first; what is left out is said in the statement, and stands in the answers."""


class Concluded(enum.StrEnum):
    """The statuses of OpenVEX that an incident can conclude; there is none for "not affected"."""

    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


@dataclass(slots=True)
class _Conclusion:
    """What is said of one artifact."""

    digest: str
    status: Concluded
    notes: str
    purls: set[str] = field(default_factory=set)


def vex_members(subject: Subject) -> Iterator[Member]:
    """Give vex/openvex.json: one statement a status, by the newest answer and what earlier ones found."""
    found = _conclusions(subject)
    statements = []
    for status in Concluded:
        about = [one for one in found.values() if one.status is status]
        if about:
            statements.append(_statement(subject, about, status=status))
    if not statements:
        return
    document = write_document(
        str(subject.incident.public_id),
        statements=statements,
        role="What an incident's answers found, by artifact",
    )
    yield data_member("vex/openvex.json", document)


def _conclusions(subject: Subject) -> dict[str, _Conclusion]:
    newest = subject.runs[-1]
    found: dict[str, _Conclusion] = {}
    for row in subject.rows(newest):
        if row.artifact.digest is not None and row.status in {Status.AFFECTED, Status.POSSIBLE}:
            found[row.artifact.digest] = _of_newest(row, run=newest)
    for run in reversed(subject.runs[:-1]):
        for row in subject.rows(run):
            digest = row.artifact.digest
            if digest is not None and digest not in found and row.status in {Status.AFFECTED, Status.POSSIBLE}:
                found[digest] = _Conclusion(
                    digest,
                    Concluded.UNDER_INVESTIGATION,
                    f"Matched in answer {run.number} and no longer in answer {newest.number}: the indicator was "
                    "withdrawn or changed. That alone does not say that it is not affected.",
                    _purls(row),
                )
    for one in _replacements(subject):
        found.setdefault(one.digest, one)
    return found


def _replacements(subject: Subject) -> Iterator[_Conclusion]:
    """Give what took the place of the affected artifacts of recovered services: its SBOM is complete and clean."""
    for standing in subject.recovery.services:
        if standing.recovered_at is not None:
            for digest in standing.found.new:
                notes = f"Replaces what was affected in {standing.service.title}, which is proven recovered."
                yield _Conclusion(digest, Concluded.FIXED, notes)


def _of_newest(row: Row, *, run: QueryRun) -> _Conclusion:
    status = Concluded.AFFECTED if row.status is Status.AFFECTED else Concluded.UNDER_INVESTIGATION
    where = "ran somewhere" if row.running else "ran nowhere that is known"
    return _Conclusion(
        row.artifact.digest or "", status, f"{row.status.value} in answer {run.number}; {where} then.", _purls(row)
    )


def _purls(row: Row) -> set[str]:
    return {match.purl for match in row.matches if match.purl}


def _statement(subject: Subject, about: list[_Conclusion], *, status: Concluded) -> dict[str, object]:
    incident, newest = subject.incident, subject.runs[-1]
    shown = sorted(about, key=lambda one: one.digest)[:MAX_PRODUCTS]
    notes = sorted({one.notes for one in shown})
    if len(shown) < len(about):
        notes.append(f"{len(about) - len(shown)} more artifacts of this status stand in the answers.")
    statement: dict[str, object] = {
        "vulnerability": {"name": f"incident-{incident.public_id}", "description": incident.title},
        "timestamp": newest.data_as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "products": [_product(one) for one in shown],
        "status": status.value,
        "status_notes": " ".join(notes),
    }
    if status is Concluded.AFFECTED:
        statement["action_statement"] = (
            "Stop running these artifacts and replace them; see timeline.txt for what was done."
        )
    return statement


def _product(one: _Conclusion) -> dict[str, object]:
    algorithm, _, value = one.digest.partition(":")
    product: dict[str, object] = {"@id": one.digest, "hashes": {f"sha-{algorithm.removeprefix('sha')}": value}}
    if one.purls:
        product["subcomponents"] = [{"@id": purl, "identifiers": {"purl": purl}} for purl in sorted(one.purls)]
    return product
