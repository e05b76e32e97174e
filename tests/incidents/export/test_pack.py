"""The evidence pack: complete, the same bytes for the same content, checked with standard tools, told when taken."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from incidents.models import EventKind, IncidentEvent
from inventory.formats.read import read_document
from inventory.formats.records import VexRecord
from inventory.models import BlobPlace, Evidence, EvidenceBlob, EvidenceTombstone, RetentionPlan
from inventory.policy.blocks import add_block
from inventory.policy.models import BlockKind, Decision, Gate, Mode, Outcome
from supplychain.access.actors import actor_for_user
from supplychain.access.models import AuditEvent, User
from tests.factories import cyclonedx, deployment, digest, digest_of, later, report, submit
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

SHOP, PAY = digest("shop"), digest("pay")
ANSWER = ("asked.json", "header.json", "rows-00000.json", "rows-00000.json.zlib")
BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def responder() -> Client:
    return signed_in(make_user("rita", organisation="responder"))


@pytest.fixture
def incident(responder: Client) -> str:
    """An incident that concerns two teams, was asked twice and has a note."""
    for team, artifact, service in (("shop", SHOP, "checkout"), ("payments", PAY, "ledger")):
        submit(team, cyclonedx(BAD, subject=artifact, name=f"registry.example/{service}:1"))
        report(team, deployment(digest=artifact, image=f"registry.example/{service}:1", service=service, cluster=team))
    body = {"title": "lodash taken over", "severity": "critical", "text": BAD}
    public_id = str(post(responder, "", body).json()["id"])
    post(responder, f"/{public_id}/notes", {"text": "keys rotated\n   2  forged line"})
    post(responder, f"/{public_id}/queries", {})
    return public_id


@pytest.fixture
def folder(responder: Client, incident: str, tmp_path: Path) -> Path:
    """The whole pack, unpacked."""
    return unpacked(taken(responder, incident), tmp_path / "pack")


def post(client: Client, path: str, body: Any) -> Any:
    response = client.post(f"/api/v1/incidents{path}", json.dumps(body), content_type="application/json")
    assert response.status_code == 201, response.content[:500]
    return response


def taken(client: Client, incident: str, query: str = "") -> bytes:
    response = client.get(f"/api/v1/incidents/{incident}/export{query}")
    assert response.status_code == 200
    data = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert len(data) == int(response.headers["Content-Length"])
    return data


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(BytesIO(data)) as zipped:
        assert zipped.testzip() is None
        zipped.extractall(folder)
    return folder


def checked(folder: Path) -> tuple[int, str]:
    told = subprocess.run([sys.executable, folder / "check.py"], capture_output=True, text=True, check=False)
    return told.returncode, told.stdout + told.stderr


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# --- What is in it -------------------------------------------------------------------------------------------------


def test_the_pack_holds_answers_documents_timeline_audit_and_conclusion(folder: Path):
    documents = [one["file"] for one in json.loads((folder / "evidence/index.json").read_text())]
    assert names(folder) == sorted(
        [
            "README.txt", "SHA256SUMS", "check.py",
            "actions.json", "blocks.json", "decisions.json", "incident.json", "recovery.json",
            "timeline.json", "timeline.txt",
            *(f"answers/0000{number}/{name}" for number in (1, 2) for name in ANSWER),
            "audit/head.txt", "audit/heads.txt", "audit/segment.jsonl", "vex/openvex.json", "evidence/index.json",
            *documents,
        ]
    )  # fmt: skip
    assert len(documents) == 2
    rows = json.loads((folder / "answers/00001/rows-00000.json").read_text())
    assert sorted(row["artifact"]["digest"] for row in rows) == sorted([SHOP, PAY])
    readme = (folder / "README.txt").read_text()
    assert "lodash taken over" in readme
    assert "This is the whole of the incident" in readme


def test_documents_are_those_that_were_received_byte_for_byte(folder: Path):
    sent = cyclonedx(BAD, subject=SHOP, name="registry.example/checkout:1")
    assert (folder / "evidence" / hashlib.sha256(sent).hexdigest()).read_bytes() == sent


def test_a_note_cannot_pass_for_a_line_of_the_timeline(folder: Path):
    starts = [line[:6] for line in (folder / "timeline.txt").read_text().splitlines() if not line.startswith("      ")]
    assert starts == [f"{number:>4}  " for number in range(1, len(starts) + 1)]


def test_the_conclusion_is_openvex_that_never_says_not_affected(responder: Client, incident: str, tmp_path: Path):
    narrower = {"text": "pkg:npm/lodash@4.17.21"}
    post(responder, f"/{incident}/queries", narrower)

    data = (unpacked(taken(responder, incident), tmp_path) / "vex/openvex.json").read_bytes()

    (statement,) = json.loads(data)["statements"]
    assert statement["status"] == "under_investigation"
    assert sorted(one["@id"] for one in statement["products"]) == sorted([SHOP, PAY])
    document = read_document(data)
    assert isinstance(document, VexRecord)
    assert len(document.statements) == 1


def test_blocks_and_what_the_gate_refused_are_in_it(responder: Client, incident: str, tmp_path: Path):
    rita = actor_for_user(User.objects.get(username="rita"))
    add_block(
        BlockKind.ARTIFACT, {"digest": SHOP}, reason="stolen", incident=UUID(incident), actor=rita, at=timezone.now()
    )
    for artifact in (SHOP, digest("never found")):
        Decision.objects.create(
            at=timezone.now(), asked_by="key:x", gate=Gate.PIPELINE, digest=artifact, mode=Mode.ENFORCE,
            outcome=Outcome.FAIL, allowed=False, rules=[], hits=[],
        )  # fmt: skip

    folder = unpacked(taken(responder, incident), tmp_path)

    (block,) = json.loads((folder / "blocks.json").read_text())
    (decision,) = json.loads((folder / "decisions.json").read_text())
    assert (block["reason"], block["set_by"], block["ends_at"]) == ("stolen", "rita", None)
    assert (decision["digest"], decision["allowed"]) == (SHOP, False)


# --- The same content, the same bytes ------------------------------------------------------------------------------


def test_two_exports_are_the_same_bytes_and_each_is_told(responder: Client, incident: str):
    first, second = taken(responder, incident), taken(responder, incident)

    assert first == second
    told = IncidentEvent.objects.filter(kind=EventKind.EXPORTED)
    assert {event.details["digest"] for event in told} == {f"sha256:{hashlib.sha256(first).hexdigest()}"}
    assert [event.details["is_whole"] for event in told] == [True, True]
    assert AuditEvent.objects.filter(action="incident.exported", subject=incident).count() == 2


def test_what_happens_later_makes_another_pack(responder: Client, incident: str):
    before = taken(responder, incident)
    post(responder, f"/{incident}/notes", {"text": "one more thing"})

    assert taken(responder, incident) != before


# --- Proof and tampering -------------------------------------------------------------------------------------------


def test_the_recipes_of_the_readme_find_it_whole(folder: Path, capsys: Any):
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, check=True)
    assert checked(folder) == (0, "All files are what they say.\n")
    call_command("verify_audit", head=[str(folder / "audit/heads.txt")])
    assert "exported heads are in it" in capsys.readouterr().out


def rewrite(folder: Path, name: str, before: bytes, after: bytes) -> None:
    """Change a file, and SHA256SUMS with it: what somebody does who wants to deceive."""
    path, sums = folder / name, folder / "SHA256SUMS"
    old = path.read_bytes()
    assert before in old
    path.write_bytes(old.replace(before, after))
    was, now = (hashlib.sha256(data).hexdigest() for data in (old, path.read_bytes()))
    sums.write_text(sums.read_text().replace(was, now))


TAMPERED = (
    ("answers/00001/header.json", (b"affected", b"affectef"), "answer 1: it is not what was stored"),
    ("answers/00002/rows-00000.json", (b"lodash", b"rodash"), "rows-00000.json is not what"),
    ("audit/segment.jsonl", (b"keys rotated", b"keys r0tated"), "the hash is not that of the row"),
    ("audit/segment.jsonl", (b'"sequence":', b'"sequence":1'), "the hash is not that of the row"),
)


def test_who_changes_a_file_and_its_sum_is_found(folder: Path, tmp_path: Path):
    for number, (name, change, told) in enumerate(TAMPERED):
        copy = shutil.copytree(folder, tmp_path / str(number))
        rewrite(copy, name, *change)

        code, output = checked(copy)

        assert (code, told in output) == (1, True), output


def test_a_file_that_is_changed_missing_or_added_is_found(folder: Path):
    (folder / "timeline.txt").write_text("nothing happened\n")
    (folder / "audit/head.txt").unlink()
    (folder / "extra.txt").write_text("look here\n")

    code, output = checked(folder)

    assert code == 1
    assert output.splitlines()[:3] == [
        "audit/head.txt: missing",
        "extra.txt: not in SHA256SUMS",
        "timeline.txt: changed",
    ]


# --- What is gone, too much, or not theirs -------------------------------------------------------------------------


def test_bytes_that_retention_removed_are_listed_and_said(responder: Client, incident: str, tmp_path: Path):
    sent = cyclonedx(BAD, subject=SHOP, name="registry.example/checkout:1")
    evidence = Evidence.objects.get(blob_id=digest_of(sent))
    planner, approver = (make_user(name, organisation="admin") for name in ("paul", "ann"))
    plan = RetentionPlan.objects.create(
        keep_since=later(0), reason="two years old", planned_by=planner, planned_at=later(0), approved_by=approver,
        approved_at=later(1),
    )  # fmt: skip
    EvidenceTombstone.objects.create(
        evidence=evidence, plan=plan, digest=evidence.blob_id, size_bytes=evidence.size_bytes, removed_at=later(2)
    )
    EvidenceBlob.objects.filter(pk=evidence.blob_id).update(place=BlobPlace.REMOVED, data=None)

    folder = unpacked(taken(responder, incident), tmp_path)

    entry = next(
        one for one in json.loads((folder / "evidence/index.json").read_text()) if one["id"] == str(evidence.public_id)
    )
    assert (entry["bytes"], entry["file"], entry["removed"]["reason"]) == ("removed", None, "two years old")
    assert "The bytes of 1 were removed by retention" in (folder / "README.txt").read_text()
    assert checked(folder)[0] == 0


def test_a_damaged_document_does_not_keep_the_rest_back(responder: Client, incident: str, tmp_path: Path):
    sent = cyclonedx(BAD, subject=SHOP, name="registry.example/checkout:1")
    with transaction.atomic(), connection.cursor() as cursor:
        # Below the database's own refusal, as a failing disk does.
        cursor.execute("SET LOCAL session_replication_role = replica")
        EvidenceBlob.objects.filter(pk=digest_of(sent)).update(data=b"rotten")

    folder = unpacked(taken(responder, incident), tmp_path)

    assert "The stored bytes of 1 are DAMAGED OR MISSING" in (folder / "README.txt").read_text()


def test_a_pack_over_the_ceiling_is_refused_with_the_next_step(responder: Client, incident: str, settings: Any):
    settings.MAX_PACK_BYTES = 2_000
    refused = responder.get(f"/api/v1/incidents/{incident}/export")

    assert (refused.status_code, refused.json()["code"]) == (413, "pack_too_large")
    assert "raw=false" in refused.json()["detail"]
    assert not IncidentEvent.objects.filter(kind=EventKind.EXPORTED).exists()


def test_without_the_documents_it_says_where_they_are(responder: Client, incident: str, tmp_path: Path):
    folder = unpacked(taken(responder, incident, "?raw=false"), tmp_path)

    entries = json.loads((folder / "evidence/index.json").read_text())
    assert {one["bytes"] for one in entries} == {"left_out"}
    assert [path for path in names(folder) if path.startswith("evidence/")] == ["evidence/index.json"]
    assert checked(folder)[0] == 0


def test_who_sees_a_part_gets_that_part(incident: str, tmp_path: Path):
    member = signed_in(make_user("mia", team="payments", role="member"))

    folder = unpacked(taken(member, incident), tmp_path)

    everything = b"".join((folder / name).read_bytes() for name in names(folder))
    assert "THIS IS A PART" in (folder / "README.txt").read_text()
    assert SHOP.removeprefix("sha256:").encode() not in everything
    assert b"checkout" not in everything
    assert b"keys rotated" not in everything
    assert PAY in (folder / "answers/00001/part.json").read_text()
    assert not [name for name in names(folder) if name.startswith("audit/")]
    assert checked(folder)[0] == 0
    assert IncidentEvent.objects.get(kind=EventKind.EXPORTED).details["is_whole"] is False


def test_a_stranger_gets_nothing_and_nothing_is_told(incident: str):
    stranger = signed_in(make_user("sid", team="strangers", role="member"))

    assert stranger.get(f"/api/v1/incidents/{incident}/export").status_code == 404
    assert not IncidentEvent.objects.filter(kind=EventKind.EXPORTED).exists()


def test_the_page_hands_it_out_by_a_form_alone(responder: Client, incident: str):
    assert responder.get(f"/incidents/{incident}/export").status_code == 405
    sent = responder.post(f"/incidents/{incident}/export")

    assert sent.headers["Content-Disposition"] == f'attachment; filename="incident-{incident}.zip"'
    assert b"".join(sent.streaming_content) == taken(responder, incident)  # type: ignore[attr-defined]
