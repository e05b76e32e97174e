"""`import_evidence`: many documents by the way of an upload, told one by one, begun again without harm."""

from __future__ import annotations

import json
import zipfile
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from inventory.ingest import upsert
from inventory.ingest.process import process_next
from inventory.intake import importing
from inventory.management.commands.import_evidence import BAR_WIDTH, Progress
from inventory.models import Evidence, EvidenceState, State
from supplychain.access.actors import system_actor
from supplychain.access.keys import Bindings, make_key
from supplychain.access.models import AuditEvent, Team
from tests.factories import cyclonedx, digest

pytestmark = pytest.mark.django_db

GOOD = cyclonedx("pkg:npm/a@1", subject=digest("a"))
OTHER = cyclonedx("pkg:npm/b@1", subject=digest("b"))


@pytest.fixture(autouse=True)
def team() -> Team:
    return Team.objects.create(slug="shop", name="Shop")


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work through the queue whenever the command looks how far it is."""
    count = importing.count_states

    def working(ids):
        upsert.follow_generation(0)
        with patch.object(upsert, "ALIAS", "default"):
            while process_next():
                pass
        return count(ids)

    monkeypatch.setattr("inventory.management.commands.import_evidence.count_states", working)


def run(*arguments: str | Path, team: str = "shop", **options: object) -> str:
    out = StringIO()
    who = {} if "key_file" in options else {"team": team}
    call_command("import_evidence", *map(str, arguments), stdout=out, stderr=out, **who, **options)
    return out.getvalue()


def refused(*arguments: str | Path, **options: object) -> tuple[str, int]:
    out = StringIO()
    who = {} if "key_file" in options else {"team": "shop"}
    with pytest.raises(CommandError) as caught:
        call_command("import_evidence", *map(str, arguments), stdout=out, stderr=out, **who, **options)
    return out.getvalue() + str(caught.value), caught.value.returncode


def test_a_folder_is_taken_in_and_summed_up(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(GOOD)
    (tmp_path / "b.json").write_bytes(OTHER)

    said = run(tmp_path)

    assert "2 found: 2 new, 0 received before, 0 refused, 0 skipped" in said
    assert "2 applied" in said
    assert {one.filename for one in Evidence.objects.all()} == {"a.json", "b.json"}


def test_begun_again_it_takes_nothing_twice(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(GOOD)
    run(tmp_path)
    (tmp_path / "b.json").write_bytes(OTHER)

    assert "1 new, 1 received before" in run(tmp_path)
    assert Evidence.objects.count() == 2


def test_a_hostile_archive_loses_none_of_its_good_entries(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "mixed.zip", "w") as file:
        file.writestr("../../etc/cron.d/x", GOOD)
        file.writestr("empty.json", b"")
        file.writestr("inner.zip", b"PK\x03\x04 and so on")
        file.writestr("good.json", GOOD)
        file.writestr("other.json", OTHER)

    said, code = refused(tmp_path / "mixed.zip")

    assert code == 1
    assert "2 new, 0 received before, 3 refused" in said
    for problem in ("unsafe_path", "empty_document"):
        assert problem in said
    assert EvidenceState.objects.filter(state=State.APPLIED).count() == 2


def test_what_a_worker_rejects_is_named_and_ends_with_one(tmp_path: Path):
    (tmp_path / "bad.json").write_bytes(b'{"what": "is this"}')
    (tmp_path / "good.json").write_bytes(GOOD)

    said, code = refused(tmp_path)

    assert code == 1
    assert "bad.json" in said
    assert "unknown_format" in said
    assert "1 applied, 1 rejected" in said


def test_what_no_worker_reads_is_said_to_wait(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("inventory.management.commands.import_evidence.count_states", importing.count_states)
    (tmp_path / "a.json").write_bytes(GOOD)

    said = run(tmp_path, wait=0.0)

    assert "1 received" in said
    assert "Some still wait" in said


def test_a_document_leaves_an_audit_line_of_the_command(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(GOOD)

    run(tmp_path)

    line = AuditEvent.objects.get(action="evidence.received")
    assert line.actor == "system:import_evidence"


def test_parameters_are_those_of_an_upload(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(cyclonedx("pkg:npm/a@1"))

    run(tmp_path / "a.json", artifacts=[digest("x")], name="registry.example/x:1", repository="acme/x")

    evidence = Evidence.objects.get()
    assert (evidence.artifacts, evidence.name, evidence.repository) == (
        [digest("x")], "registry.example/x:1", "acme/x",
    )  # fmt: skip


@pytest.mark.parametrize("options", [{"artifacts": [digest("x")]}, {"name": "x"}])
def test_what_is_said_of_one_document_is_not_said_of_several(tmp_path: Path, options):
    (tmp_path / "a.json").write_bytes(GOOD)
    (tmp_path / "b.json").write_bytes(OTHER)

    assert refused(tmp_path, **options)[1] == 2
    assert Evidence.objects.count() == 0


def key_file(tmp_path: Path, team: Team, *, scopes: list[str], **bindings: tuple[str, ...]) -> str:
    key = make_key(team, scopes=scopes, actor=system_actor("test"), at=timezone.now(), bindings=Bindings(**bindings))
    path = tmp_path / "key"
    path.write_text(key.text + "\n")
    return str(path)


def test_a_keys_bindings_hold(tmp_path: Path, team: Team):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.json").write_bytes(GOOD)
    key = key_file(tmp_path, team, scopes=["evidence:write"], repositories=("acme/x",))

    said, code = refused(documents, key_file=key, repository="acme/other")
    run(documents, key_file=key)

    assert (code, "outside_binding" in said) == (1, True)
    assert Evidence.objects.get().repository == "acme/x"
    assert Evidence.objects.get().api_key is not None


def test_a_key_that_may_not_send_is_refused(tmp_path: Path, team: Team):
    (tmp_path / "a.json").write_bytes(GOOD)

    assert refused(tmp_path / "a.json", key_file=key_file(tmp_path, team, scopes=["inventory:read"]))[1] == 2


def test_a_path_or_a_team_that_is_not_there_is_said(tmp_path: Path):
    assert "There is no" in refused(tmp_path / "nothing.json")[0]
    (tmp_path / "a.json").write_bytes(GOOD)
    with pytest.raises(CommandError, match="no such team"):
        run(tmp_path, team="nobody")


def test_more_problems_than_are_shown_are_counted(tmp_path: Path):
    for number in range(25):
        (tmp_path / f"{number}.json").write_bytes(json.dumps({"what": number}).encode())

    said, _ = refused(tmp_path)

    assert "and 5 more" in said


def test_an_export_of_advisories_may_be_taken_as_one_document(tmp_path: Path):
    advisory = {"id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-02-01T00:00:00Z", "affected": []}
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as file:
        file.writestr("GHSA-aaaa-bbbb-cccc.json", json.dumps(advisory))

    said = run(tmp_path / "all.zip", kind="advisory", keep_zips=True)

    assert "1 found: 1 new" in said
    assert EvidenceState.objects.get().kind == "advisory"


def test_the_bar_reaches_its_end_and_nothing_of_a_longer_line_stays() -> None:
    said: list[str] = []
    progress = Progress(total=3, say=lambda line, ending: said.append(line + ending), is_terminal=True)

    progress.show("taken in", 3)
    progress.show("read", 1)  # too soon to be drawn
    progress.end("read", 3)

    bar = "#" * BAR_WIDTH
    assert said == [f"\r[{bar}] 3 of 3 taken in", f"\r[{bar}] 3 of 3 read    ", "\n"]


def test_no_terminal_gets_a_line_for_the_last_step() -> None:
    said: list[str] = []
    progress = Progress(total=3, say=lambda line, ending: said.append(line + ending), is_terminal=False)

    progress.show("taken in", 1)
    progress.end("read", 3)

    assert said == ["1 of 3 taken in\n", "3 of 3 read\n"]
