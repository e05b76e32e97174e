"""What the page of a document shows of it, by the kind of document.

A new kind needs a line in PANELS: a template, and what it reads. Kinds without a line get what ingest wrote into
`understood`, name by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.records import ROOT
from inventory.graph.claims import advised, attested, listed, stated
from inventory.graph.document_tree import DocumentTree
from inventory.graph.judgements import judgements_of
from inventory.graph.posture import listed_runs, report_parts, workflow_parts
from inventory.graph.reading_again import read_report
from inventory.graph.sboms_inside import sboms_of
from inventory.models import EvidenceKind
from inventory.views.meanings import Judged
from supplychain.web.paging import PAGE_SIZE

if TYPE_CHECKING:
    from inventory.models import Evidence

Context = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Panel:
    """A template below templates/evidence/panels, and what it shows beside `receipt` and `understood`."""

    template: str
    read: Callable[[Evidence], Context]


def panel_of(evidence: Evidence) -> Panel:
    """Return the panel of an applied document."""
    return PANELS.get(evidence.state.kind, _ANY)


def _nothing(_evidence: Evidence) -> Context:
    return {}


def _sbom(evidence: Evidence) -> Context:
    return {**_trees(evidence), **_stated(evidence)}


def _trees(evidence: Evidence) -> Context:
    """Show the tree of the only SBOM of a document at once; of several each at its own address."""
    sboms = sboms_of(evidence)
    if len(sboms) != 1:
        return {"sboms": sboms}
    [sbom] = sboms
    tree = DocumentTree(sbom.snapshot)
    return {
        "sboms": sboms,
        "snapshot": sbom.snapshot,
        "tree_url": sbom.address,
        "level": tree.level(ROOT, way=tree.first_way, after=ROOT, limit=PAGE_SIZE),
    }


def _runtime(evidence: Evidence) -> Context:
    record = read_report(evidence)
    if record is None:
        return {"is_read": False}
    return {
        "is_read": True,
        "runs": record.runs[:PAGE_SIZE],
        "run_count": len(record.runs),
        "declared": record.declared[:PAGE_SIZE],
        "declared_count": len(record.declared),
    }


def _posture(evidence: Evidence) -> Context:
    parts = report_parts(evidence, limit=_MOST_ROWS)
    longest = max(map(len, (parts.checks, parts.findings, parts.rules))) if parts else 0
    return {"parts": parts, "limit": _MOST_ROWS, "is_cut": longest == _MOST_ROWS}


def _workflow(evidence: Evidence) -> Context:
    parts = workflow_parts(evidence, limit=_MOST_ROWS)
    if parts is None:
        runs = listed_runs(evidence, limit=_MOST_ROWS)
        return {"runs": runs, "limit": _MOST_ROWS, "is_cut": len(runs) == _MOST_ROWS}
    longest = max(len(parts.jobs), len(parts.uses), len(parts.downloads))
    return {"parts": parts, "limit": _MOST_ROWS, "is_cut": longest == _MOST_ROWS}


def _attested(evidence: Evidence) -> Context:
    found = attested(evidence, limit=_MOST_ROWS)
    judged = judgements_of([source.attestation_id for source in found])
    rows = [(source, Judged.of(judged.get(source.attestation_id))) for source in found]
    return {"attested": rows, "limit": _MOST_ROWS, **_trees(evidence), **_stated(evidence)}


def _stated(evidence: Evidence) -> Context:
    """Statements stand in documents of their own, in SBOMs and in attestations: all of them count theirs."""
    if not evidence.state.counts.get("statements"):
        return {}
    return {"stated": stated(evidence, limit=PAGE_SIZE)}


def _advised(evidence: Evidence) -> Context:
    return {"advised": advised(evidence, limit=PAGE_SIZE)}


def _listed(evidence: Evidence) -> Context:
    return {"listed": listed(evidence, limit=_MOST_ROWS)}


_MOST_ROWS: Final = 200
_ANY: Final = Panel("evidence/panels/any.html", _nothing)
PANELS: Final[Mapping[str, Panel]] = {
    EvidenceKind.SBOM: Panel("evidence/panels/sbom.html", _sbom),
    EvidenceKind.IMAGE: Panel("evidence/panels/image.html", _nothing),
    EvidenceKind.DEPLOYMENT: Panel("evidence/panels/runtime.html", _runtime),
    EvidenceKind.SNAPSHOT: Panel("evidence/panels/runtime.html", _runtime),
    EvidenceKind.ATTESTATION: Panel("evidence/panels/attestation.html", _attested),
    EvidenceKind.VEX: Panel("evidence/panels/vex.html", _stated),
    EvidenceKind.ADVISORY: Panel("evidence/panels/advisory.html", _advised),
    EvidenceKind.LIST: Panel("evidence/panels/list.html", _listed),
    EvidenceKind.POSTURE: Panel("evidence/panels/posture.html", _posture),
    EvidenceKind.WORKFLOW: Panel("evidence/panels/workflow.html", _workflow),
    EvidenceKind.REGISTRY: Panel("evidence/panels/registry.html", _nothing),
}
