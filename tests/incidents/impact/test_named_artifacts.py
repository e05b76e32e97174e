"""What the tally makes of artifacts that an indicator names, excludes, or leaves unknown. Pure."""

from __future__ import annotations

import numpy as np
import pytest

from incidents.impact.facts import NO_CONTAINERS, Containers, Facts, Place, Points, Spans
from incidents.impact.lookup import ArtifactMatch
from incidents.impact.matching import Matches
from incidents.impact.portions import Packages
from incidents.impact.subjects import NO_SUBJECTS
from incidents.impact.tally import Judged, Tally, judge_artifacts

RUNS, IDLE, BARE = 1, 2, 3


def containers(*artifacts: int, mark: int = 0) -> Containers:
    ids = np.array(artifacts, dtype=np.int32)
    place = Place("prod", "production", "shop")
    return Containers([place], ids * 0, ids, ids * 0, ids, ids, np.full(len(ids), mark, dtype=np.uint8))


def judged(*matches: tuple[int, int], bare: bool = False, asks_hashes: bool = False, mark: int = 0) -> Judged:
    """Judge artifacts of a class: RUNS and BARE run, IDLE does not, and BARE has no SBOM where `bare`.

    With a `mark` what runs is another digest, which may stand for the artifact.
    """
    named = tuple(ArtifactMatch(artifact, 0, row_class, "asked for") for artifact, row_class in matches)
    facts = Facts(
        Spans.unpack(None, None, None, None, None),
        NO_SUBJECTS,
        Points(NO_CONTAINERS),
        containers(BARE, mark=1) if bare else NO_CONTAINERS,
        [] if mark else [artifact for artifact, _ in matches],
        containers(*dict.fromkeys(artifact for artifact, _ in matches if artifact != IDLE), mark=mark),
    )
    asked = Matches((), named, Packages([]), asks_artifacts=True, asks_hashes=asks_hashes)
    return judge_artifacts(facts, matches=asked, is_scoped=False)


def tallied(found: Judged) -> Tally:
    return found.tally(listed=range(9), indicator_count=1)


def status(found: Judged, artifact: int) -> int | None:
    return found.statuses[artifact] - 1 if artifact < len(found.statuses) and found.statuses[artifact] else None


@pytest.mark.parametrize("row_class", [0, 1, 2, 3])
def test_what_is_affected_counts_whether_it_runs_or_not(row_class: int) -> None:
    found = judged((RUNS, row_class), (IDLE, row_class))

    assert [status(found, RUNS), status(found, IDLE)] == [row_class, row_class]
    assert tallied(found).by_indicator[0] == (2, 1, 1)


@pytest.mark.parametrize("row_class", [4, 5, 8])
def test_what_is_cleared_or_unknown_counts_where_it_runs_and_for_no_line(row_class: int) -> None:
    found = judged((RUNS, row_class), (IDLE, row_class))

    assert [status(found, RUNS), status(found, IDLE)] == [row_class, None]
    assert tallied(found).by_indicator[0] == (0, 0, 0)


@pytest.mark.parametrize(("classes", "expected"), [((4, 8), 8), ((5, 8), 8), ((8, 3), 3), ((5, 1), 1), ((4, 2), 2)])
def test_nothing_is_cleared_while_anything_of_it_is_unknown(classes: tuple[int, int], expected: int) -> None:
    found = judged(*((RUNS, row_class) for row_class in classes))

    assert status(found, RUNS) == expected


@pytest.mark.parametrize(("row_class", "expected"), [(0, 2), (1, 3), (2, 2), (3, 3), (8, 8), (4, None), (5, None)])
def test_of_an_unsure_container_it_is_possible_at_best_and_never_cleared(row_class: int, expected: int | None) -> None:
    found = judged((RUNS, row_class), mark=1)

    assert status(found, RUNS) == expected


def test_what_its_origin_clears_is_unknown_where_a_package_is_asked_for_and_it_has_no_sbom() -> None:
    assert status(judged((BARE, 5), bare=True, asks_hashes=True), BARE) == 8
    assert status(judged((BARE, 5), bare=True), BARE) == 5
