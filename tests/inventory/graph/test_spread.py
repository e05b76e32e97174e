"""How far packages reach: the same as counted one artifact, package and SBOM at a time."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from inventory.graph.packages import PackageNotFoundError, list_packages, read_package
from inventory.identity.purls import parse_purl
from inventory.models import Presence, RunInterval, Running, SnapshotSubject
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, later, member_of, report, submit
from tests.remembered import forget_everything

pytestmark = pytest.mark.django_db

NAMES = [f"p{number}" for number in range(6)]
BASE = [f"pkg:npm/base{number}@1" for number in range(12)]
DIGESTS = [digest(letter) for letter in "0123456789ab"]


@pytest.fixture
def _estate():
    """Two teams whose documents add, drop, bump and double versions; artifacts have several SBOMs."""
    pick = random.Random(3)
    for turn in range(40):
        team = pick.choice("ab")
        versions = [
            f"pkg:npm/{name}@{version}"
            for name in NAMES
            for version in pick.sample(range(1, 4), pick.choice([0, 1, 1, 2]))
        ]
        name = f"registry.example/{pick.choice('xy')}:1"
        submit(team, cyclonedx(*BASE, *versions, subject=pick.choice(DIGESTS), name=name, tool=f"t{turn % 2}"))
    for number, one in enumerate(DIGESTS[:8]):
        report(
            "ab"[number % 2], deployment(digest=one, cluster="ab"[number % 2], workload=f"Deployment/w{number // 3}")
        )


def by_hand(components: set[int], *, teams: set[int] | None) -> tuple[int, int, int]:
    """Count what holds any of these components, one row at a time."""
    points = [
        (row.track_id, row.from_seq, row.to_seq)
        for row in Presence.objects.filter(component_id__in=components).select_related("track")
        if teams is None or row.track.team_id in teams
    ]

    def holds(track: int, seq: int) -> bool:
        return any(track == at and since <= seq < until for at, since, until in points)

    built = {row.artifact_id for row in SnapshotSubject.objects.all() if holds(row.track_id, row.seq)}
    runs = [
        row
        for row in Running.objects.all()
        if holds(row.track_id, row.seq) and (teams is None or set(row.teams) <= teams)
    ]
    workloads = dict(RunInterval.objects.filter(closed_at=None).values_list("pk", "workload_id"))
    return len(built), len({row.artifact_id for row in runs}), len({workloads[row.interval_id] for row in runs})


@pytest.mark.usefixtures("_estate")
@pytest.mark.parametrize("who", ["all", "a", "b"])
def test_packages_and_versions_reach_what_a_count_by_hand_finds(who):
    actor = SEES_ALL if who == "all" else member_of(who)
    teams = None if actor.team_ids is None else set(actor.team_ids)
    rows = list_packages("", after=None, limit=50, actor=actor).rows

    assert {row.name for row in rows} >= set(NAMES)
    for row in rows:
        detail = read_package(parse_purl(row.purl).key, actor=actor)
        held = Presence.objects.filter(component__package__name=row.name).values_list("component_id", flat=True)
        assert (row.artifact_count, row.running_artifact_count, row.workload_count) == by_hand(set(held), teams=teams)
        assert detail.package == row
        for version in detail.versions:
            one = Presence.objects.filter(component__identity=version.purl).values_list("component_id", flat=True)
            counts = (version.artifact_count, version.running_artifact_count, version.workload_count)
            assert counts == by_hand(set(one), teams=teams)


@pytest.mark.usefixtures("_estate")
def test_the_estate_has_what_is_hard_to_count():
    ranges = Presence.objects.exclude(component__package__name__startswith="base")

    assert ranges.filter(from_seq__gt=1).exists()
    assert ranges.values("component__package", "track", "from_seq").distinct().count() < ranges.count()
    assert SnapshotSubject.objects.values("artifact").distinct().count() < SnapshotSubject.objects.count()
    assert Running.objects.exists()


CHANGES = [
    lambda: submit("a", cyclonedx(BASE[0], subject=DIGESTS[0])),
    lambda: submit("a", cyclonedx(BASE[0], subject=DIGESTS[1])),
    lambda: submit("b", cyclonedx(BASE[0], BASE[1], subject=DIGESTS[0])),
    lambda: submit("a", cyclonedx(BASE[1], subject=DIGESTS[2])),
    lambda: report("a", deployment(digest=DIGESTS[0], cluster="a")),
    lambda: report("a", deployment(digest=DIGESTS[2], cluster="a"), at=later(5)),
    lambda: report("b", deployment(digest=DIGESTS[0], cluster="b", workload="Deployment/other")),
    lambda: submit("a", cyclonedx(BASE[2], name="no-digest")),
    lambda: report("b", deployment(digest=DIGESTS[0], cluster="b", status="ended"), at=later(9)),
]


@pytest.mark.django_db(transaction=True)  # each transaction leaves one mark of a kind
def test_what_is_remembered_is_what_would_be_counted_anew_after_every_change():
    actors, packages = [SEES_ALL, member_of("a"), member_of("b")], [parse_purl(purl).key for purl in BASE[:3]]

    def counted():
        lists = [list_packages(text, after=None, limit=50, actor=actor).rows for actor in actors for text in ("", "e")]
        return lists, [detail(key, actor=actor) for actor in actors for key in packages]

    def detail(key, *, actor):
        try:
            return read_package(key, actor=actor)
        except PackageNotFoundError:
            return None

    seen = []
    for change in CHANGES:
        change()
        remembered = counted()
        assert counted() == remembered
        forget_everything()
        assert counted() == remembered
        seen.append(remembered)
    assert all(before != after for before, after in pairwise(seen[:7]))
