"""What is remembered of bases is what a question that remembers nothing reads, whatever is told meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.impact.base_edges import EDGES_KEPT, METHODS, Edges
from incidents.impact.bases import DEEPEST, Holders, built_on
from incidents.impact.columns import points_of
from incidents.impact.facts import Spans
from incidents.impact.lookup import ArtifactMatch
from incidents.impact.subjects import Subjects
from inventory.models import ArtifactClaim, ImageLayer
from supplychain.access.actors import Actor
from tests.budgets.counting import counted_waits
from tests.factories import SEES_ALL, cyclonedx, digest, image_index, member_of, submit
from tests.incidents.impact.test_bases import OTHER, XZ, ask, built_from, found, sha256
from tests.inventory.graph.test_base_images import LAYERS, config
from tests.spdx_images import descends_from

BASE, ABOVE, HIGHER = config(*LAYERS[:2]), config(*LAYERS[:3]), config(*LAYERS[:4])
INDEX = image_index(digest("a"))
TOLD: list[tuple[str, Callable[[], object]]] = [
    ("an SBOM of the base", lambda: submit("shop", cyclonedx(XZ, subject=sha256(BASE)))),
    ("its layers", lambda: submit("shop", BASE)),
    ("an image with one more", lambda: submit("shop", ABOVE)),
    ("the same again", lambda: submit("shop", ABOVE, name="again")),
    ("another team's", lambda: submit("bank", HIGHER)),
    ("the base, which that team had not", lambda: submit("bank", BASE)),
    ("an SBOM of another base", lambda: submit("shop", cyclonedx(XZ, subject=digest("a")))),
    ("a build on it", lambda: built_from("shop", digest("b"), digest("a"))),
    ("a build on that", lambda: built_from("bank", digest("c"), digest("b"))),
    ("an index of it as a base", lambda: built_from("shop", digest("d"), sha256(INDEX))),
    ("what the index lists", lambda: submit("shop", INDEX)),
    ("a descendant", lambda: submit("shop", descends_from(digest("e"), digest("a")))),
    ("a build on what nobody has heard of", lambda: built_from("shop", digest("f"), digest("late"))),
    ("an SBOM of that", lambda: submit("shop", cyclonedx(XZ, subject=digest("late")))),
    ("a descendant of another", lambda: submit("bank", descends_from(digest("g"), digest("later")))),
    ("an SBOM of the other", lambda: submit("bank", cyclonedx(XZ, subject=digest("later")))),
    ("it is no more", lambda: ArtifactClaim.objects.filter(claim="base_spdx").delete()),
    ("nor are layers", lambda: ImageLayer.objects.filter(artifact__digest=sha256(HIGHER)).delete()),
]


def reads_edges(actor: Actor = SEES_ALL) -> bool:
    with CaptureQueriesContext(connection) as sent:
        ask(actor=actor)
    return any("claimed(claim, digest)" in query["sql"] for query in sent)


@pytest.mark.django_db(transaction=True)
def test_what_is_remembered_is_what_is_read_anew_whatever_is_told():
    actors = [SEES_ALL, member_of("shop"), member_of("bank"), member_of("shop", "bank")]
    sizes = []
    for name, tell in TOLD:
        tell()
        remembered = [found(ask(actor=actor)) for actor in actors]
        EDGES_KEPT.forget()
        assert remembered == [found(ask(actor=actor)) for actor in actors], name
        sizes.append(len(remembered[0]))

    assert max(sizes) == 12
    assert sizes[-1] < max(sizes)


@pytest.mark.django_db(transaction=True)
def test_they_are_read_once_for_each_reader_and_again_once_anything_is_told():
    submit("shop", cyclonedx(XZ, subject=sha256(BASE)))
    for data in (BASE, ABOVE):
        submit("shop", data)

    assert [reads_edges(), reads_edges(), reads_edges(member_of("shop")), reads_edges(member_of("shop"))] == [
        True, False, True, False,
    ]  # fmt: skip
    submit("shop", cyclonedx(OTHER, subject=digest("z")))
    submit("shop", ABOVE, name="again")
    assert not reads_edges()
    submit("shop", HIGHER)
    assert reads_edges()


@pytest.mark.django_db(transaction=True, databases=["default", "interning"])
def test_where_images_list_what_their_bases_hold_a_question_waits_no_more_often():
    submit("shop", cyclonedx(XZ, subject=sha256(BASE)))
    submit("shop", cyclonedx(XZ, OTHER, subject=sha256(ABOVE)))
    ask()
    with counted_waits() as without:
        ask()
    for data in (BASE, ABOVE):
        submit("shop", data)

    for _ in range(2):
        with counted_waits() as known:
            ask()
        assert known.count == without.count


class Edge(NamedTuple):
    """By which `image` was built on `base`; the last in order is what a tie hangs on."""

    base: int
    image: int
    method: int
    doubt: bool
    evidence: int


Hit = tuple[int, int, int]
"""(artifact, origin, class)"""


@pytest.mark.parametrize("seed", range(200))
def test_the_walk_finds_the_best_of_all_ways(seed: int):
    pick = random.Random(seed)
    count = pick.randint(3, 9)
    edges = some_edges(pick, count=count)
    components = [(pick.randrange(count), pick.randrange(4), pick.choice((0, 1, 2, 3, 4))) for _ in range(8)]
    named = [(pick.randrange(count), -1 - number, pick.choice((0, 2))) for number in range(pick.randrange(3))]

    built = built_on(holders_of(components, named=named), edges=packed(edges))

    columns = (built.artifacts, built.origins, built.classes, built.edges)
    order = packed(edges)
    assert [
        (artifact, origin, order.digests[order.bases[at]], int(order.methods[at]), row_class, int(order.evidence[at]))
        for artifact, origin, row_class, at in zip(*(column.tolist() for column in columns), strict=True)
    ] == all_ways(edges, hits=[hit for hit in (*components, *named) if hit[2] < 4])


def some_edges(pick: random.Random, *, count: int) -> list[Edge]:
    """Circles, and an image that is its own base, included; no evidence for some."""
    return [
        Edge(
            pick.randrange(count), pick.randrange(count), pick.randrange(len(METHODS)), pick.random() < 0.3,
            0 if pick.random() < 0.1 else number + 1,
        )
        for number in range(pick.randint(1, 14))
    ]  # fmt: skip


def all_ways(edges: list[Edge], *, hits: list[Hit]) -> list[tuple[int, int, str, int, int, int]]:
    """Walk every way one by one; of what they come to keep the best that the image does not list itself."""
    found: dict[tuple[int, int, str, int], tuple[int, int, int]] = {}
    ways = {(artifact, origin, row_class) for artifact, origin, row_class in hits}
    for depth in range(1, DEEPEST + 1):
        further: set[Hit] = set()
        for artifact, origin, row_class in ways:
            for edge in edges:
                if edge.base != artifact or edge.image == artifact:
                    continue
                passed = max(row_class, 2 + row_class % 2) if edge.doubt else row_class
                further.add((edge.image, origin, passed))
                lists = any(hit[:2] == (edge.image, origin) and hit[2] <= passed for hit in hits)
                if edge.evidence and not lists:
                    key = (edge.image, origin, name_of(edge.base), edge.method)
                    way = (passed, depth, edge.evidence)
                    found[key] = min(found.get(key, way), way)
        ways = further
    return [(*key, row_class, evidence) for key, (row_class, _, evidence) in sorted(found.items())]


def name_of(artifact: int) -> str:
    """In another order than the numbers."""
    return f"sha256:{artifact * 7 % 11:02}"


def packed(edges: list[Edge]) -> Edges:
    """Lay edges out as the statement does; each member is a family of its own."""
    members = sorted({edge.base for edge in edges})
    digests = sorted({name_of(member) for member in members})
    ordered = sorted(edges, key=lambda edge: edge.base)
    numbers = np.array(members, np.int32)
    return Edges(
        members=numbers,
        families=numbers + np.int32(100),
        digests=digests,
        missing=(),
        of_family=np.array([edge.base + 100 for edge in ordered], np.int32),
        images=np.array([edge.image for edge in ordered], np.int32),
        bases=np.array([digests.index(name_of(edge.base)) for edge in ordered], np.int32),
        methods=np.array([edge.method for edge in ordered], np.uint8),
        doubts=np.array([edge.doubt for edge in ordered], np.bool_),
        evidence=np.array([edge.evidence for edge in ordered], np.int64),
    )


def holders_of(components: list[Hit], *, named: list[Hit]) -> Holders:
    """Give each artifact a track of its own, which has one point."""
    columns = [np.array(column, np.int32) for column in zip(*components, strict=True)]
    artifacts, origins, classes = columns
    numbers = np.arange(10, dtype=np.int32)
    return Holders.of(
        Spans(origins, artifacts, np.ones_like(artifacts), np.full_like(artifacts, 2), classes.astype(np.uint8)),
        subjects=Subjects(points_of(numbers, np.ones_like(numbers)), numbers),
        named=[ArtifactMatch(artifact, 0, row_class, "") for artifact, _, row_class in named],
    )
