"""A large kept answer is read slim for pages: nothing that matched is lost, and it is unpacked once a process."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from incidents.impact.answer import Match
from incidents.models import ActionKind, Incident, QueryRun, QueryRunGist, QueryRunPage
from incidents.response import gists, kept_rows, runs, slim
from incidents.response.answers import read_shown
from incidents.response.basis import Answer, said_of
from incidents.response.derived import derive
from incidents.response.exposed import ids_of
from incidents.response.reach import reach_of
from incidents.response.said import said_of_rows
from incidents.response.slimming import Slimming
from incidents.response.strengths import unknown_of
from incidents.views.narrowing import read_narrowed, values_of
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
    assert of_gist.gist is not None
    header, rows = runs.read(run)
    slimming = Slimming()
    basis = Answer(
        run.number, run.answer_hash, tuple(slimming.of(rows)), tuple(one.asked for one in header.asked.indicators)
    )

    kept = read_shown(run)

    assert (of_gist.header, tuple(of_gist.rows)) == (header, basis.rows)
    assert of_gist.rows[-1:] == basis.rows[-1:]
    assert (kept.known.keys, kept.known.verdicts) == (basis.known.keys, basis.known.verdicts)
    assert kept.basis.derive() == derive(basis.rows, package_of=basis.package_of)
    assert of_gist.gist.read_artifacts() == ids_of(basis)
    assert ids_of(basis) == dict(Artifact.objects.filter(digest__in=DIGESTS).values_list("pk", "digest"))
    assert of_gist.gist.unknown == unknown_of(basis.rows, indicators=basis.indicators)
    assert kept.reach == reach_of(basis.rows)
    for row in basis.rows:
        for subject in basis.subjects_of(row):
            if subject[0] != "digest":
                about = [one for one in enumerate(basis.rows) if subject in basis.subjects_of(one[1])]
                assert of_gist.gist.read_said()[subject] == said_of_rows(about), subject
    assert said_of(ActionKind.BLOCK, {"kind": "artifact", "digest": DIGESTS[0]}, answer=kept.basis) == said_of(
        ActionKind.BLOCK, {"kind": "artifact", "digest": DIGESTS[0]}, answer=basis
    )
    assert not kept.basis.is_about(ActionKind.BLOCK, {"kind": "artifact", "digest": digest("another")})


def test_a_gist_of_another_shape_is_left_alone_and_one_of_this_shape_is_made(
    rita: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slim, "LARGE", 20)
    run = run_of(opened(rita, text="\n".join(LISTED)))
    known = read_anew(run)
    stored = dict(QueryRunGist.objects.values_list("part", "digest"))
    QueryRunGist.objects.filter(part__gt=0).delete()
    QueryRunGist.objects.update(shape=1, content=b"as another release wrote it")

    found = read_anew(run)

    assert (found.header, tuple(found.rows)) == (known.header, tuple(known.rows))
    assert QueryRunGist.objects.get(shape=1).content == b"as another release wrote it"
    assert dict(QueryRunGist.objects.filter(shape=gists.SHAPE).values_list("part", "digest")) == stored
    with CaptureQueriesContext(connection) as asked:
        read_anew(run)
    assert not any('"incidents_queryrunpage"' in one["sql"] for one in asked.captured_queries)


def test_the_rows_of_many_stretches_are_read_as_they_are_looked_at(rita: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slim, "LARGE", 20)
    for module in (gists, kept_rows):
        monkeypatch.setattr(module, "STRETCH", 1)
    monkeypatch.setattr(kept_rows, "STRETCHES_READ", 1)
    monkeypatch.setattr(kept_rows, "STRETCHES_KEPT", 1)
    run = run_of(opened(rita, text="\n".join(LISTED)))
    rows = read_anew(run).rows

    def statements(*places: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert [rows[place].artifact.digest for place in places] == [sorted(DIGESTS)[place] for place in places]
        return len(asked)

    assert [row.artifact.digest for row in rows] == sorted(DIGESTS)
    assert [statements(0, 0), statements(0, 1), statements(0)] == [1, 1, 1]
    with pytest.raises(IndexError):
        rows[2]


@pytest.mark.parametrize("damage", ["gist", "part", "page", "header"])
def test_what_is_damaged_is_not_shown(rita: Client, monkeypatch: pytest.MonkeyPatch, damage: str):
    monkeypatch.setattr(slim, "LARGE", 20)
    incident = opened(rita, text="\n".join(LISTED))
    if damage == "gist":
        QueryRunGist.objects.update(content=b"another")
    elif damage == "part":
        head = QueryRunGist.objects.get(part=gists.MATCHES)
        QueryRunGist.objects.filter(part=gists.ACTIONS).update(content=head.content, digest=head.digest)
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
    read_shown(run)
    slim.forget_all()
    assert [statements(), statements()] == [1, 0], "its gist"
    assert read_shown(run).basis is read_shown(run).basis


def test_an_answer_is_kept_as_it_was_given_for_who_looks_at_it_next(rita: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slim, "LARGE", 20)
    run = run_of(opened(rita, text="\n".join(LISTED)))

    with CaptureQueriesContext(connection) as asked:
        given = slim.read_slim(run)
    slim.forget_all()
    stored = slim.read_slim(run)

    assert len(asked) == 0
    assert (given.header, tuple(given.rows)) == (stored.header, tuple(stored.rows))


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
    monkeypatch.setattr(slim, "MOST_KEPT", 30_000)
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


def test_what_differs_is_stored_with_the_later_answer_and_the_earlier_is_read_where_it_has_more(
    rita: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slim, "LARGE", 1)
    incident = opened(rita, text="\n".join(LISTED))
    submit("shop", cyclonedx(LISTED[0], subject=digest("new"), name="registry.example/new:1"))
    assert rita.post(f"/incidents{incident}/ask").status_code == 303
    first, second = Incident.objects.get().runs.order_by("number")

    def parts_read(path: str) -> list[bool]:
        """Say of each answer whether its gist is read."""
        slim.forget_all()
        with CaptureQueriesContext(connection) as asked:
            assert rita.get(f"/api/v1/incidents{incident}/{path}").status_code == 200
        read = [one["sql"] for one in asked.captured_queries if '"incidents_queryrungist"' in one["sql"]]
        return [any(f'"run_id" = {run.pk} ' in sql for sql in read) for run in (first, second)]

    assert parts_read("queries/2/diff") == [False, True]
    assert parts_read("queries/1/diff?against=2") == [True, True]


@pytest.mark.parametrize("query", [
    "", "status=affected", "status=possible", "cluster=eu", "cluster=eu&status=affected", "service=(none)", "team=shop",
    "namespace=nowhere",
])  # fmt: skip
def test_rows_of_a_gist_are_narrowed_as_any_rows(rita: Client, monkeypatch: pytest.MonkeyPatch, query: str):
    report("shop", deployment(digest=digest("two"), workload="Deployment/two", cluster="eu", service="checkout"))
    monkeypatch.setattr(slim, "LARGE", 20)
    rows = read_anew(run_of(opened(rita, text="\n".join(LISTED)))).rows
    wanted = read_narrowed(RequestFactory().get(f"/?{query}"))

    assert isinstance(rows, kept_rows.KeptRows)
    assert list(wanted.places(rows)) == list(wanted.places(tuple(rows)))
    assert wanted.of(rows) == wanted.of(tuple(rows))
    assert values_of(rows) == values_of(tuple(rows))


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
    assert QueryRunGist.objects.values("run").distinct().count() == 2
    QueryRunGist.objects.all().delete()
    monkeypatch.setattr(slim, "LARGE", 2_000)

    assert told() == from_gists
    assert digest("new").encode() in from_gists[PATHS.index("queries/2/diff")]
    assert digest("new").encode() in from_gists[PATHS.index("queries/1/diff?against=2")]
    assert b'"pointer":"/components/0"' in from_gists[len(PATHS)], (
        "a member is told where it stands in their own document"
    )


PATHS = ("queries/1", "queries/2", "queries/2/diff", "queries/1/diff?against=2")
