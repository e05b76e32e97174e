"""A list of thousands of lines gives what a count by hand over every document gives: none lost, none added."""

import random
from collections.abc import Iterator

import pytest

from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import read_text
from tests.factories import SEES_ALL, START, cyclonedx, deployment, digest, report, submit

pytestmark = pytest.mark.django_db(transaction=True)

_TYPES = {"npm": "npm", "pypi": "pypi", "composer": "composer"}


def _listed(rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield (ecosystem, name, version) as the vendors' lists have them: worms of npm, some of others, some bare."""
    for number in range(2_000):
        ecosystem = rng.choices(("", "npm", "pypi", "composer"), (70, 20, 7, 3))[0]
        scope = f"@scope{number % 40}/" if ecosystem in ("", "npm") and number % 3 == 0 else ""
        vendor = "acme/" if ecosystem == "composer" else ""
        name = f"{scope}{vendor}worm-{number % 900}"
        yield ("npm" if scope else ecosystem), name, f"{number % 7}.{number % 5}.{number % 3}"


def _written(listed: list[tuple[str, str, str]]) -> bytes:
    """Write half as one vendor does, half as another, with their comments, headings and line ends."""
    half = len(listed) // 2
    lines = ["# compromised packages", ""]
    lines += [f"{type_}:{name}:{version}" if type_ else f"{name}:{version}" for type_, name, version in listed[:half]]
    lines += ["", "Ecosystem,Package,Version"]
    lines += [f"{type_},{name},= {version}" for type_, name, version in listed[half:]]
    return "\r\n".join(lines).encode()


def _purl(type_: str, name: str, version: str) -> str:
    return f"pkg:{type_}/{name.replace('@', '%40')}@{version}"


def _estate(rng: random.Random, listed: list[tuple[str, str, str]]) -> dict[str, list[tuple[str, str, str]]]:
    """Make artifacts of packages near the list: its own, other versions, other ecosystems, longer names."""
    estate = {}
    for number in range(40):
        held = []
        for type_, name, version in rng.sample(listed, 6):
            real = type_ or rng.choice(("npm", "pypi"))
            held.append((real, name, version if rng.random() < 0.3 else "9.9.9"))
            held.append((real, f"{name}-more", version))
            held.append(("cargo" if "/" not in name else real, name, "8.8.8"))
        estate[digest(f"artifact {number}")] = held
    return estate


def test_the_answer_by_a_list_is_that_of_a_count_by_hand():
    rng = random.Random(20_261_126)
    listed = list(_listed(rng))
    estate = _estate(rng, listed)
    submit("shop", _written(listed), declared_kind="list", name="vendor")
    for subject, held in estate.items():
        submit("shop", cyclonedx(*(_purl(*one) for one in held), subject=subject))
    report("shop", *(deployment(digest=subject, container=subject[-8:]) for subject in estate))

    impact = assess(Question(read_text("list:vendor").indicators, limit=500), actor=SEES_ALL, at=START)

    exact, bare = set(listed), {(name, version) for type_, name, version in listed if not type_}
    by_hand = {subject for subject, held in estate.items() if any(one in exact or one[1:] in bare for one in held)}
    assert by_hand
    assert len(by_hand) < len(estate)
    assert {row.artifact.digest for row in impact.rows if row.status.value == "affected"} == by_hand
