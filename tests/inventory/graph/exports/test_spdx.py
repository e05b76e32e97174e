"""The merged SBOM as SPDX 2.3: it keeps to the format, and our reader finds in it what was merged."""

from __future__ import annotations

import json

import pytest

from inventory.formats.detect import detect
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import ROOT, SbomRecord, Scope
from inventory.formats.schema import check
from inventory.graph.components import list_components
from inventory.graph.exports.spdx import write_spdx
from inventory.graph.merged import merge_sboms
from tests.factories import SEES_ALL, cyclonedx, digest, later, member_of, submit

pytestmark = pytest.mark.django_db

APP = digest("app")
LODASH, EXPRESS = "pkg:npm/lodash@4.17.21", "pkg:npm/express@4.18.2"
PURLS = (
    "pkg:golang/github.com/Masterminds/semver@v1.5.0",
    "pkg:nuget/Newtonsoft.Json@13.0.1",
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12",
    "pkg:npm/%40ctrl/tinycolor@4.1.1",
    "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
)
TOOL = {
    "type": "file", "name": "tool.so", "version": "1", "cpe": "cpe:2.3:a:acme:tool:1:*:*:*:*:*:*:*",
    "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
}  # fmt: skip
DEV = {"name": "jest", "version": "29", "purl": "pkg:npm/jest@29", "bom-ref": "jest",
       "properties": [{"name": "cdx:npm:package:development", "value": "true"}]}  # fmt: skip


def export() -> bytes:
    return b"".join(write_spdx(merge_sboms(APP, actor=SEES_ALL)))


def read_back(data: bytes) -> SbomRecord:
    record = read_document(data)
    assert isinstance(record, SbomRecord)
    return record


def test_it_keeps_to_the_format():
    submit("a", cyclonedx(LODASH, TOOL, *PURLS, subject=APP, dependencies={"root": [LODASH]}))
    data = export()

    verdict = check(data, detect(data), limits=Limits())

    assert verdict is not None
    assert verdict.valid, verdict.errors
    assert read_back(data).warnings == []


def test_every_id_that_is_used_exists_once():
    submit("a", cyclonedx(LODASH, TOOL, *PURLS, subject=APP, dependencies={"root": [LODASH], LODASH: [PURLS[0]]}))
    document = json.loads(export())

    ids = [package["SPDXID"] for package in document["packages"]]
    used = {one[end] for one in document["relationships"] for end in ("spdxElementId", "relatedSpdxElement")}

    assert len(ids) == len(set(ids))
    assert used <= {*ids, "SPDXRef-DOCUMENT"}


def test_it_is_about_the_artifact():
    submit("a", cyclonedx(LODASH, subject=APP))

    assert {str(subject.digest) for subject in read_back(export()).subjects} == {APP}


def test_edges_and_scopes_are_kept():
    submit(
        "a", cyclonedx(LODASH, EXPRESS, DEV, subject=APP, dependencies={"root": [EXPRESS, "jest"], EXPRESS: [LODASH]})
    )

    record = read_back(export())

    names = [component.name for component in record.components]
    edges = {("root" if one.source == ROOT else names[one.source], names[one.target]) for one in record.edges}
    assert {("root", "express"), ("root", "jest"), ("express", "lodash")} <= edges
    assert {one.name: one.scope for one in record.components}["jest"] is Scope.DEVELOPMENT


def test_a_fresh_team_that_takes_it_in_has_the_same_components():
    submit("a", cyclonedx(LODASH, TOOL, *PURLS, subject=APP))
    before = [row.identity for row in list_components(APP, text="", after=None, limit=99, actor=member_of("a")).rows]

    submit("fresh", export(), at=later(1))

    rows = list_components(APP, text="", after=None, limit=99, actor=member_of("fresh")).rows
    # The described package, the artifact itself, counts as a component in SPDX.
    assert [row.identity for row in rows if not row.version.startswith("sha256:")] == before


def test_the_same_evidence_gives_the_same_bytes():
    submit("a", cyclonedx(LODASH, TOOL, subject=APP, dependencies={"root": [LODASH]}))

    assert export() == export()


def test_it_says_what_was_merged():
    evidence = submit("a", cyclonedx(LODASH, subject=APP))

    comment = json.loads(export())["comment"]

    assert str(evidence.public_id) in comment
    assert "may still be inside" in comment
