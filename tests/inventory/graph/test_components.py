"""What is in an artifact: the union of its SBOMs."""

from __future__ import annotations

import pytest

from inventory.formats.records import Scope
from inventory.graph.artifacts import ArtifactNotFoundError
from inventory.graph.components import list_components
from tests.factories import SEES_ALL, cyclonedx, digest, member_of, submit

pytestmark = pytest.mark.django_db

APP = digest("app")
LODASH = "pkg:npm/lodash@4.17.21"
EXPRESS = "pkg:npm/express@4.18.2"
SCOPED = "pkg:npm/%40ctrl/tinycolor@4.1.1"


def names(digest_: str, *, actor=SEES_ALL, text: str = "", limit: int = 50, after: str | None = None) -> list[str]:
    page = list_components(digest_, text=text, after=after, limit=limit, actor=actor)
    return [row.identity for row in page.rows]


def test_the_components_of_all_sboms_are_one_list():
    submit("a", cyclonedx(LODASH, EXPRESS, subject=APP, tool="syft"))
    submit("a", cyclonedx(LODASH, SCOPED, subject=APP, tool="trivy"))

    assert names(APP) == [SCOPED, EXPRESS, LODASH]


def test_a_component_names_the_sboms_that_list_it():
    first = submit("a", cyclonedx(LODASH, EXPRESS, subject=APP, tool="syft"))
    second = submit("a", cyclonedx(LODASH, subject=APP, tool="trivy"))

    rows = {row.identity: row for row in list_components(APP, text="", after=None, limit=50, actor=SEES_ALL).rows}

    assert rows[LODASH].evidence == (first.public_id, second.public_id)
    assert rows[EXPRESS].evidence == (first.public_id,)


def test_direct_is_unknown_where_no_sbom_records_dependencies():
    submit("a", cyclonedx(LODASH, subject=APP))

    (row,) = list_components(APP, text="", after=None, limit=50, actor=SEES_ALL).rows

    assert row.is_direct is None


def test_direct_and_indirect_dependencies_are_told_apart():
    edges = {"root": [EXPRESS], EXPRESS: [LODASH], LODASH: []}
    submit("a", cyclonedx(LODASH, EXPRESS, subject=APP, dependencies=edges))

    rows = list_components(APP, text="", after=None, limit=50, actor=SEES_ALL).rows

    assert {row.identity: row.is_direct for row in rows} == {EXPRESS: True, LODASH: False}


def test_the_scope_nearest_to_running_wins():
    component = {"name": "jest", "version": "29.0.0", "purl": "pkg:npm/jest@29.0.0"}
    submit("a", cyclonedx({**component, "scope": "excluded"}, subject=APP, tool="syft"))
    submit("a", cyclonedx({**component, "scope": "optional"}, subject=APP, tool="trivy"))

    (row,) = list_components(APP, text="", after=None, limit=50, actor=SEES_ALL).rows

    assert row.scope is Scope.OPTIONAL


def test_a_component_without_purl_keeps_its_own_spelling():
    submit("a", cyclonedx({"group": "Acme/Labs", "name": "Widget@Core", "version": "1"}, subject=APP))

    (row,) = list_components(APP, text="", after=None, limit=50, actor=SEES_ALL).rows

    assert (row.purl, row.package, row.name, row.version) == (None, None, "Acme/Labs/Widget@Core", "1")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("LODA", [LODASH]),
        ("@ctrl/tiny", [SCOPED]),
        ("express@4", [EXPRESS]),
        ("%", [SCOPED]),
        ("l_dash", []),
        ("nothing", []),
    ],
)
def test_a_text_is_found_literally_in_purls(text, found):
    submit("a", cyclonedx(LODASH, EXPRESS, SCOPED, subject=APP))

    assert names(APP, text=text) == found


def test_pages_follow_one_another():
    submit("a", cyclonedx(LODASH, EXPRESS, SCOPED, subject=APP))

    first = list_components(APP, text="", after=None, limit=2, actor=SEES_ALL)
    second = list_components(APP, text="", after=first.next, limit=2, actor=SEES_ALL)

    assert [row.identity for row in (*first.rows, *second.rows)] == [SCOPED, EXPRESS, LODASH]
    assert second.next is None


def test_another_teams_sbom_adds_nothing():
    submit("a", cyclonedx(LODASH, subject=APP))
    submit("b", cyclonedx(EXPRESS, subject=APP))

    assert names(APP, actor=member_of("b")) == [EXPRESS]
    assert names(APP, actor=member_of("a", "b")) == [EXPRESS, LODASH]


def test_a_stranger_cannot_tell_the_artifact_exists():
    submit("a", cyclonedx(LODASH, subject=APP))

    with pytest.raises(ArtifactNotFoundError):
        names(APP, actor=member_of("b"))


def test_an_older_sbom_of_a_track_keeps_what_the_newer_dropped():
    submit("a", cyclonedx(LODASH, EXPRESS, SCOPED, "pkg:npm/left-pad@1.3.0", subject=digest("v1")))
    submit("a", cyclonedx(LODASH, EXPRESS, SCOPED, subject=digest("v2")))

    assert len(names(digest("v1"))) == 4
    assert len(names(digest("v2"))) == 3


def test_two_statements_whatever_the_size(django_assert_num_queries):
    submit("a", cyclonedx(*(f"pkg:npm/p{number}@1.0.0" for number in range(40)), subject=APP))

    with django_assert_num_queries(2):
        list_components(APP, text="", after=None, limit=50, actor=SEES_ALL)
