"""Forks, patched components, low evidence, services and plans, as the incident answer tells them; also from XML."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from incidents.impact.answer import Impact, Row, Status
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import parse_text
from inventory.models import EvidenceState, Presence, VexStatement
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, later, report, submit
from tests.inventory.formats.xml_writer import cyclonedx_xml

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

APP = digest("app")
BAD = "pkg:npm/lodash@4.17.15"
FORK = {"name": "fork", "version": "2", "bom-ref": "fork", "purl": "pkg:npm/fork@2"}
Write = Callable[[bytes], bytes]


def as_json(data: bytes) -> bytes:
    return data


def as_xml(data: bytes) -> bytes:
    return cyclonedx_xml(json.loads(data))


both = pytest.mark.parametrize("write", [as_json, as_xml])


def ask(text: str = BAD) -> Impact:
    question = Question(parse_text(text), statuses=tuple(Status))
    return assess(question, actor=SEES_ALL, at=later(60))


def only(impact: Impact) -> Row:
    assert len(impact.rows) == 1
    return impact.rows[0]


def changed(data: bytes, **members: Any) -> bytes:
    document = json.loads(data)
    document["metadata"].update(members.pop("metadata", {}))
    return json.dumps(document | members).encode()


@both
def test_an_affected_component_is_found_with_its_place(write: Write) -> None:
    submit("shop", write(cyclonedx(FORK, BAD, subject=APP)))

    match = only(ask()).matches[0]

    assert match.confidence == "high"
    assert match.pointer in {"/components/1", "/bom/components/component[2]"}


@both
def test_a_fork_of_an_affected_package_is_found_by_its_ancestor_with_less_confidence(write: Write) -> None:
    ancestor = {"type": "library", "name": "lodash", "version": "4.17.15", "purl": BAD}
    fork = FORK | {"type": "library", "pedigree": {"ancestors": [ancestor]}}
    submit("shop", write(cyclonedx(fork, subject=APP, dependencies={"root": ["fork"]})))
    report("shop", deployment(digest=APP))

    row = only(ask())

    assert (row.status, row.running, row.confidence) == (Status.AFFECTED, True, "medium")
    assert row.matches[0].path == ("pkg:npm/fork@2", BAD)
    assert str(row.matches[0].pointer).endswith(("/pedigree/ancestors/0", "/pedigree/ancestors/component[1]"))


@pytest.mark.parametrize(
    "members",
    [
        {"pedigree": {"patches": [{"type": "backport"}]}},
        {"evidence": {"identity": [{"field": "purl", "confidence": 0.5}]}},
    ],
)
def test_a_document_that_is_not_sure_of_a_component_lowers_the_confidence(members: dict[str, Any]) -> None:
    submit("shop", cyclonedx({"name": "lodash", "version": "4.17.15", "purl": BAD, **members}, subject=APP))

    assert only(ask()).confidence == "medium"


def test_a_component_listed_surely_too_is_sure() -> None:
    listed = {"name": "lodash", "version": "4.17.15", "purl": BAD}
    submit("shop", cyclonedx(listed | {"pedigree": {"patches": [{"type": "backport"}]}}, listed, subject=APP))

    assert only(ask()).confidence == "high"


@both
def test_what_a_service_needs_has_its_path_through_the_service(write: Write) -> None:
    data = cyclonedx(BAD, subject=APP, dependencies={"root": ["api"], "api": [BAD]})
    submit("shop", write(changed(data, services=[{"bom-ref": "api", "name": "payments-api", "version": "2"}])))

    match = only(ask()).matches[0]

    assert match.path is not None
    assert (len(match.path), match.path[-1], match.direct) == (2, BAD, False)


@both
def test_what_a_plan_lists_is_counted_and_present_nowhere(write: Write) -> None:
    data = cyclonedx(BAD, subject=APP)

    evidence = submit("shop", write(changed(data, metadata={"lifecycles": [{"phase": "design"}]})))

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert [row.status for row in ask().rows] == []
    assert not Presence.objects.exists()
    assert (state.counts["components"], state.counts["components_stored"]) == (1, 1)
    assert "design_only" in [warning["code"] for warning in state.warnings]


@both
def test_a_real_document_of_the_same_artifact_counts_beside_a_plan(write: Write) -> None:
    data = cyclonedx(BAD, subject=APP)
    submit("shop", write(changed(data, metadata={"lifecycles": [{"phase": "design"}]})))

    submit("shop", write(data))

    assert only(ask()).status is Status.AFFECTED


@both
def test_statements_inside_an_sbom_are_kept_with_it(write: Write) -> None:
    spoken = {"id": "CVE-2026-1", "analysis": {"state": "not_affected"}, "affects": [{"ref": BAD}]}

    evidence = submit("shop", write(changed(cyclonedx(BAD, subject=APP), vulnerabilities=[spoken])))

    kept = VexStatement.objects.get()
    assert (kept.evidence_id, kept.vulnerability, kept.status) == (evidence.pk, "CVE-2026-1", "not_affected")


@both
def test_statements_alone_are_a_vex_document(write: Write) -> None:
    spoken = {"id": "CVE-2026-1", "analysis": {"state": "exploitable"}, "affects": [{"ref": "urn:cdx:x/1#" + BAD}]}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "vulnerabilities": [spoken]}

    evidence = submit("shop", write(json.dumps(document).encode()))

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert (state.kind, state.format, state.counts["statements_stored"], state.counts["components"]) == (
        "vex", "cyclonedx", 1, 0,
    )  # fmt: skip
    assert state.schema_valid is not None
