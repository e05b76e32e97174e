"""A large kept answer is read slim for pages: nothing that matched is lost, and it is unpacked once a process."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.impact.answer import Match
from incidents.models import Incident, QueryRun, QueryRunGist, QueryRunPage
from incidents.response import runs, slim
from incidents.response.answers import read_shown
from incidents.response.derived import derive
from incidents.response.exposed import ids_of
from incidents.response.reach import reach_of
from inventory.models import Artifact
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import BAD, make_estate, opened, read
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

DIGESTS = [digest(name) for name in ("one", "two")]
LISTED = [f"pkg:npm/worm-{number}@1.0.{number}" for number in range(10)]


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    slim.forget_all()
    yield
    slim.forget_all()


@pytest.fixture
def rita() -> Client:
    for name in ("one", "two"):
        submit("shop", cyclonedx(*LISTED, subject=digest(name), name=f"registry.example/{name}:1"))
    report("shop", *(deployment(digest=digest(name), workload=f"Deployment/{name}") for name in ("one", "two")))
    return signed_in(make_user("rita", organisation="responder"))


def run_of(path: str) -> QueryRun:
    return Incident.objects.get(public_id=UUID(path.strip("/"))).runs.select_related("incident").get()


def read_anew(run: QueryRun) -> slim.SlimAnswer:
    slim.forget_all()
    return slim.read_slim(run)


def bare(match: Match) -> Match:
    return msgspec.structs.replace(match, evidence=None, pointer=None, path=None)


def test_a_slim_answer_has_every_row_and_match_and_gives_the_places_of_rows_that_are_shown(
    rita: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slim, "LARGE", 20)
    monkeypatch.setattr(runs, "STORED_ROWS", 1)
    run = run_of(opened(rita, text="\n".join(LISTED)))
    header, rows = runs.read(run)

    for answer in (slim.read_slim(run), read_anew(run)):
        assert answer.header == header
        assert answer.is_slim
        for row, whole in zip(answer.rows, rows, strict=True):
            assert len(whole.matches) == 10
            assert list(row.matches) == [bare(match) for match in whole.matches]
            assert answer.whole([row]) == (whole,)
        first, second = answer.rows
        assert first.matches[-1] is second.matches[-1], "what matches in two artifacts alike is held once"
        assert answer.whole([second, first]) == (rows[1], rows[0])


def test_the_gist_of_an_answer_says_the_same_as_the_answer(rita: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slim, "LARGE", 20)
    run = run_of(opened(rita, text="\n".join(LISTED)))
    of_gist = read_anew(run)
    derived = read_shown(run).basis.derived
    reach = read_shown(run).reach
    QueryRunGist.objects.all().delete()

    of_pages = read_anew(run)

    assert of_gist.gist is not None
    assert of_pages.gist is None
    assert (of_gist.header, of_gist.rows) == (of_pages.header, of_pages.rows)
    basis = read_shown(run).basis
    assert derived == {"proposed": derive(basis), "artifacts": ids_of(basis)}
    assert derived["artifacts"] == dict(Artifact.objects.filter(digest__in=DIGESTS).values_list("pk", "digest"))
    assert reach == reach_of(of_pages.rows)


def test_a_gist_of_another_shape_is_left_alone(rita: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slim, "LARGE", 20)
    run = run_of(opened(rita, text="\n".join(LISTED)))
    known = read_anew(run)
    QueryRunGist.objects.update(shape=1, content=b"as another release wrote it")

    found = read_anew(run)

    assert found.gist is None
    assert (found.header, found.rows) == (known.header, known.rows)


@pytest.mark.parametrize("damage", ["gist", "page", "header"])
def test_what_is_damaged_is_not_shown(rita: Client, monkeypatch: pytest.MonkeyPatch, damage: str):
    monkeypatch.setattr(slim, "LARGE", 20)
    incident = opened(rita, text="\n".join(LISTED))
    if damage == "gist":
        QueryRunGist.objects.update(content=b"another")
    elif damage == "page":
        QueryRunPage.objects.update(rows=zlib.compress(b"[]"))
    else:
        QueryRun.objects.update(header={})
    slim.forget_all()

    for path in (f"/incidents{incident}", f"/api/v1/incidents{incident}/queries/1"):
        answer = rita.get(path)
        assert answer.status_code == 500
        assert b"not what was stored" in answer.content


def test_a_large_answer_is_unpacked_once_and_a_small_one_each_time(rita: Client, monkeypatch: pytest.MonkeyPatch):
    run = run_of(opened(rita, text="\n".join(LISTED)))

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            read_shown(run)
        return len(asked)

    assert [statements(), statements()] == [2, 2], "its gist, which it has not, and its rows"
    monkeypatch.setattr(slim, "LARGE", 20)
    assert [statements(), statements()] == [2, 0]
    assert read_shown(run).basis is read_shown(run).basis


def test_an_answer_is_kept_as_it_was_given_for_who_looks_at_it_next(rita: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slim, "LARGE", 20)
    run = run_of(opened(rita, text="\n".join(LISTED)))

    with CaptureQueriesContext(connection) as asked:
        given = slim.read_slim(run)
    slim.forget_all()
    stored = slim.read_slim(run)

    assert len(asked) == 0
    assert (given.header, given.rows) == (stored.header, stored.rows)


def test_what_is_asked_in_several_pieces_is_stored_whole(rita: Client, monkeypatch: pytest.MonkeyPatch):
    _, whole = runs.read(run_of(opened(rita, text="\n".join(LISTED))))
    monkeypatch.setattr(runs, "ASKED_ROWS", 1)

    incident = opened(rita, text="\n".join(LISTED))

    run = run_of(incident)
    assert runs.read(run)[1] == whole
    assert run.pages.count() == 2
    assert rita.get(f"/incidents{incident}").status_code == 200


def test_the_newest_are_kept_within_the_bound(rita: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slim, "LARGE", 20)
    monkeypatch.setattr(slim, "MOST_KEPT", 30)
    first, second = (run_of(opened(rita, text="\n".join(LISTED))) for _ in range(2))

    slim.read_slim(first)
    kept = slim.read_slim(second)

    assert slim.read_slim(second) is kept
    with CaptureQueriesContext(connection) as asked:
        slim.read_slim(first)
    assert len(asked) == 1, "its gist"


def test_the_page_shows_the_first_matches_and_the_api_all_with_their_places(
    rita: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slim, "LARGE", 20)
    incident = opened(rita, text="\n".join(LISTED))

    pages = [rita.get(f"/incidents{incident}").content.decode() for _ in range(2)]

    assert "And 4 more of what was asked for matches here" in pages[0]
    assert all(f"{digest(name)}" in pages[1] for name in ("one", "two"))
    (row, _) = read(rita, f"{incident}/queries/1")["rows"]
    assert len({match["pointer"] for match in row["matches"]}) == 10


def test_whoever_asks_is_told_the_same_from_the_gist_as_from_the_rows(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slim, "LARGE", 1)
    make_estate()
    people = (
        signed_in(make_user("rita", organisation="responder")),
        signed_in(make_user("tomas", team="shop", role="member")),
    )
    incident = opened(people[0])
    submit("shop", cyclonedx(BAD, subject=digest("new"), name="registry.example/new:1"))
    assert people[0].post(f"/incidents{incident}/ask").status_code == 303

    def told() -> list[bytes]:
        slim.forget_all()
        return [one.get(f"/api/v1/incidents{incident}/{path}").content for one in people for path in PATHS]

    from_gists = told()
    assert QueryRunGist.objects.count() == 2
    QueryRunGist.objects.all().delete()
    monkeypatch.setattr(slim, "LARGE", 2_000)

    assert told() == from_gists
    assert digest("new").encode() in from_gists[2]
    assert b'"pointer":"/components/0"' in from_gists[3], "a member is told where it stands in their own document"


PATHS = ("queries/1", "queries/2", "queries/2/diff")
