"""Builds of many artifacts are those of each: what nothing is attested of is left out first, and nothing else."""

from __future__ import annotations

import pytest

from inventory.graph import built
from inventory.models import Artifact, Evidence
from inventory.models.verification import ReportedVerification
from supplychain.access.actors import Actor
from tests.attested import encode, statement
from tests.factories import SEES_ALL, START, cyclonedx, digest, digest_of, image_index, member_of, submit
from tests.inventory.graph.test_verdicts import trivy_like

pytestmark = pytest.mark.django_db

OWN, MEMBER, CONFIG, NOTHING, REPORTED = (digest(name) for name in ("own", "member", "config", "nothing", "reported"))
INDEX = image_index(MEMBER)


@pytest.fixture(autouse=True)
def estate() -> None:
    submit("shop", encode(statement(OWN)))
    submit("shop", INDEX)
    submit("shop", encode(statement(digest_of(INDEX))))
    submit("shop", trivy_like(index=digest_of(INDEX), config=CONFIG))
    for subject in (NOTHING, REPORTED):
        submit("shop", cyclonedx("pkg:npm/left-pad@1.3.0", subject=subject))
    evidence = Evidence.objects.order_by("pk").last()
    assert evidence is not None
    ReportedVerification.objects.create(
        team=evidence.team,
        artifact=Artifact.objects.get(digest=REPORTED),
        evidence=evidence,
        position=0,
        tool="gh",
        passed=True,
        repository="github.com/shop/api",
        level=2,
        reported_at=START,
    )


def builds(actor: Actor) -> dict[str, list[built.BuildOf]]:
    digests = dict(Artifact.objects.values_list("pk", "digest"))
    found: dict[str, list[built.BuildOf]] = {}
    for one in built.builds_of(list(digests), actor=actor):
        found.setdefault(str(digests[one.artifact_id]), []).append(one)
    return found


@pytest.mark.parametrize("team", ["", "shop", "another"])
def test_of_many_artifacts_the_same_builds_are_found_as_of_few(monkeypatch: pytest.MonkeyPatch, team: str):
    submit("another", cyclonedx("pkg:npm/left-pad@1.3.0", subject=NOTHING))
    actor = member_of(team) if team else SEES_ALL
    few = builds(actor)
    monkeypatch.setattr(built, "_MANY", 0)

    assert builds(actor) == few
    expected = set() if team == "another" else {OWN, MEMBER, CONFIG, REPORTED, digest_of(INDEX)}
    assert few.keys() == expected
