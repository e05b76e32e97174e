"""What was built on an affected image is affected, however that is known, to any depth; nothing of it clears."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest

from incidents.asking import read_body
from incidents.impact.answer import Impact, Status
from incidents.impact.assess import assess
from inventory.models import AttestationSubject
from supplychain.access.actors import Actor
from tests.attested import encode, statement
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, image_index, later, member_of, report, submit
from tests.inventory.graph.test_base_images import LAYERS, config
from tests.spdx_images import descends_from

pytestmark = pytest.mark.django_db(transaction=True)

NOW = later(600)
XZ = {"name": "liblzma5", "version": "5.6.1-1", "purl": "pkg:deb/debian/liblzma5@5.6.1-1"}
OTHER = {"name": "x", "version": "1", "purl": "pkg:npm/x@1"}
DEVELOPMENT = [{"name": "cdx:npm:package:development", "value": "true"}]
ASKED = {"kind": "package", "purl": "pkg:deb/debian/liblzma5", "versions": ["5.6.1-1"]}


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def built_from(team: str, subject: str, *bases: str) -> None:
    inputs = [{"uri": "pkg:docker/debian@testing", "digest": {"sha256": base[7:]}} for base in bases]
    predicate = {"buildDefinition": {"buildType": "x", "externalParameters": {}, "resolvedDependencies": inputs},
                 "runDetails": {"builder": {"id": "https://b.example"}}}  # fmt: skip
    submit(team, encode(statement(subject, predicate=predicate)))


def ask(*indicators: dict[str, Any], actor: Actor = SEES_ALL) -> Impact:
    body = {"indicators": list(indicators) or [ASKED], "statuses": [status.value for status in Status]}
    return assess(read_body(body), actor=actor, at=NOW)


def found(impact: Impact) -> dict[str | None, str]:
    return {row.artifact.digest: row.status.value for row in impact.rows}


def test_what_provenance_names_as_its_base_is_affected_through_it_to_any_depth():
    base, first, second = digest("a"), digest("b"), digest("c")
    submit("shop", cyclonedx(XZ, subject=base))
    submit("shop", cyclonedx(OTHER, subject=first))
    built_from("shop", first, base)
    built_from("shop", second, first)
    report("shop", deployment(digest=second))

    impact = ask()

    assert found(impact) == {base: "affected", first: "affected", second: "affected"}
    (row,) = (row for row in impact.rows if row.artifact.digest == second)
    assert [(via.kind, via.digest, via.method) for via in row.via] == [("base_image", first, "provenance_dependency")]
    assert (row.running, row.confidence, row.matches[0].indicator) == (True, "high", 0)
    assert impact.header.asked.indicators[0].artifact_count == 3


def test_an_image_asked_for_by_digest_is_a_base_too_and_a_circle_ends():
    built_from("shop", digest("b"), digest("a"))
    built_from("shop", digest("a"), digest("b"))

    assert set(found(ask({"kind": "artifact", "digest": digest("a")}))) == {digest("a"), digest("b")}


def test_nothing_is_built_on_what_is_cleared():
    submit(
        "shop", cyclonedx({**XZ, "version": "5.4.1-1", "purl": "pkg:deb/debian/liblzma5@5.4.1-1"}, subject=digest("a"))
    )
    built_from("shop", digest("b"), digest("a"))

    assert found(ask()) == {}


def test_a_base_that_another_team_knows_is_none():
    submit("shop", cyclonedx(XZ, subject=digest("a")))
    built_from("other", digest("b"), digest("a"))

    assert found(ask(actor=member_of("shop"))) == {digest("a"): "affected"}
    assert found(ask(actor=member_of("other"))) == {}
    assert set(found(ask())) == {digest("a"), digest("b")}


def test_an_index_as_base_is_sure_of_its_only_member_and_else_possible():
    submit("shop", cyclonedx(XZ, subject=digest("a")))
    alone, both = image_index(digest("a")), image_index(digest("a"), digest("d"))
    submit("shop", alone)
    submit("shop", both)
    built_from("shop", digest("b"), sha256(alone))
    built_from("shop", digest("c"), sha256(both))

    statuses = found(ask())
    assert (statuses[digest("b")], statuses[digest("c")]) == ("affected", "possible")


def test_layers_that_begin_with_those_of_a_base_say_so_high_from_two_on_and_low_for_one():
    base, thin, other = config(*LAYERS[:2]), config(LAYERS[3]), config(LAYERS[1], LAYERS[0])
    for data in (base, thin):
        submit("shop", data, name="registry.example/shop:1")
        submit("shop", cyclonedx(XZ, subject=sha256(data)))
    on_base, on_thin, turned = (
        config(*LAYERS[:3]),
        config(LAYERS[3], LAYERS[0]),
        config(LAYERS[1], LAYERS[0], LAYERS[2]),
    )
    for data in (on_base, on_thin, turned, other):
        submit("shop", data, name="registry.example/shop:1")

    rows = {row.artifact.digest: row for row in ask().rows}

    assert {name: (row.status.value, row.confidence) for name, row in rows.items() if row.via} == {
        sha256(on_base): ("affected", "high"),
        sha256(on_thin): ("possible", "low"),
    }
    assert {row.via[0].method for row in rows.values() if row.via} == {"layer_prefix"}
    assert {sha256(turned), sha256(other)}.isdisjoint(rows)


def test_an_image_that_is_known_by_its_layers_alone_is_found_by_its_team_and_no_other():
    base, above = config(*LAYERS[:2]), config(*LAYERS[:3])
    for team in ("shop", "other"):
        submit(team, base)
        submit(team, cyclonedx(XZ, subject=sha256(base)))
    submit("shop", above)

    for actor in (SEES_ALL, member_of("shop")):
        assert found(ask(actor=actor)) == {sha256(base): "affected", sha256(above): "affected"}
    assert found(ask(actor=member_of("other"))) == {sha256(base): "affected"}


def test_an_spdx_document_says_what_an_image_descends_from():
    submit("shop", cyclonedx(XZ, subject=digest("a")))
    submit("shop", descends_from(digest("b"), digest("a")))

    (row,) = (row for row in ask().rows if row.artifact.digest == digest("b"))

    assert (row.status, row.confidence, row.via[0].method) == (Status.AFFECTED, "medium", "spdx_descendant_of")


@pytest.mark.parametrize("seed", range(3))
def test_the_closure_is_that_of_a_walk_over_all_edges(seed: int):
    pick = random.Random(seed)
    names = [digest(f"{number:x}") for number in range(10)]
    bad = set(pick.sample(names, 2))
    for name in names:
        submit("shop", cyclonedx(XZ if name in bad else OTHER, subject=name))
    edges = {(pick.choice(names), pick.choice(names)) for _ in range(9)}
    for image_, base in sorted(edges):
        if image_ != base:
            built_from("shop", image_, base)

    expected = set(bad)
    for _ in names:
        expected |= {image_ for image_, base in edges if base in expected}
    assert AttestationSubject.objects.exists()
    assert {name for name, status in found(ask()).items() if status == "affected"} == expected


def test_what_an_image_lists_itself_is_told_once_and_not_for_its_base_as_well():
    base, thin, full = digest("a"), digest("b"), digest("c")
    submit("shop", cyclonedx(XZ, subject=base))
    submit("shop", cyclonedx(OTHER, subject=thin))
    submit("shop", cyclonedx(XZ, OTHER, subject=full))
    for image_ in (thin, full):
        built_from("shop", image_, base)

    rows = {row.artifact.digest: row for row in ask().rows}

    assert {name: len(row.via) for name, row in rows.items()} == {base: 0, thin: 1, full: 0}
    assert [match.purl for match in rows[full].matches] == [XZ["purl"]]


def test_a_base_that_runs_it_outweighs_what_an_image_lists_for_its_build_alone():
    submit("shop", cyclonedx(XZ, subject=digest("a")))
    submit("shop", cyclonedx({**XZ, "properties": DEVELOPMENT}, subject=digest("b")))
    built_from("shop", digest("b"), digest("a"))

    (row,) = (row for row in ask().rows if row.artifact.digest == digest("b"))

    assert (row.status.value, row.effect.value, len(row.via)) == ("affected", "runtime", 1)


@pytest.mark.parametrize("seed", range(3))
def test_layers_say_the_same_as_each_pair_of_stacks_compared(seed: int):
    pick = random.Random(seed)
    stacks = {sha256(config(*stack)): stack for stack in some_stacks(pick)}
    bad = set(pick.sample(sorted(stacks), 3))
    for stack in stacks.values():
        submit("shop", config(*stack))
    for name in bad:
        submit("shop", cyclonedx(XZ, subject=name))

    expected = {
        name
        for name, stack in stacks.items()
        if name in bad or any(len(below := stacks[one]) > 1 and stack[: len(below)] == below for one in bad)
    }
    assert {name for name, status in found(ask()).items() if status == "affected"} == expected


def some_stacks(pick: random.Random) -> set[tuple[str, ...]]:
    """Many that begin alike: of layers drawn from three."""
    return {tuple(pick.choice(LAYERS[:3]) for _ in range(pick.randint(1, 4))) for _ in range(25)}
