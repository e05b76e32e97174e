"""A repository or commit finds what an SBOM says comes from it: possible, through the asker's eyes."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.models import ComponentSource
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, member_of, report, submit
from tests.incidents.impact.test_matching import ask

pytestmark = pytest.mark.django_db(transaction=True)

SHA = "0e58ed8671d6b60d0890c21b07f8835ace038e67"
REPOSITORY = {"kind": "repository", "url": "https://github.com/acme/web"}
COMMIT = {"kind": "commit", "sha": SHA}


def part(url: str) -> dict[str, Any]:
    reference = {"type": "vcs", "url": url}
    return {"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1", "externalReferences": [reference]}


@pytest.fixture(autouse=True)
def estate() -> None:
    submit("shop", cyclonedx(part(f"https://github.com/acme/web/tree/{SHA}"), subject=digest("one")))
    submit("shop", cyclonedx("pkg:npm/b@1", subject=digest("two")))
    report("shop", *(deployment(digest=digest(name), workload=f"Deployment/{name}") for name in ("one", "two")))


def found(asked: dict[str, Any], *, actor: Actor = SEES_ALL) -> dict[str | None, str]:
    return {row.artifact.digest: row.status.value for row in ask(stated=asked, actor=actor).rows}


@pytest.mark.parametrize("asked", [REPOSITORY, COMMIT, {"kind": "commit", "sha": SHA[:9]}])
def test_what_an_sbom_says_comes_from_it_is_possible(asked: dict[str, Any]):
    (row,) = (row for row in ask(stated=asked).rows if row.status.value == "possible")

    assert row.artifact.digest == digest("one")
    (match,) = row.matches
    assert (match.purl, match.pointer, match.confidence) == ("pkg:npm/a@1", "/components/0", "low")
    assert match.reason.endswith("as an SBOM says")


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "repository", "url": "https://github.com/acme/web-2"},
        {"kind": "commit", "sha": SHA[:-1] + "8"},
    ],
)
def test_another_one_is_not_found_by_it(asked: dict[str, Any]):
    assert "possible" not in found(asked).values()


@pytest.mark.parametrize(
    "told",
    [
        {"publisher": "right9ctrl"},
        {"author": "Right9ctrl <right9ctrl@mail.example> (https://github.com/right9ctrl)"},
        {"authors": [{"name": "Somebody Else"}, {"name": "right9ctrl", "email": "x@mail.example"}]},
        {"supplier": {"name": "Right 9 Inc.", "contact": [{"name": "right9ctrl"}]}},
    ],
)
def test_an_account_finds_what_an_sbom_says_it_made_or_published(told: dict[str, Any]):
    published = {"type": "library", "name": "flat", "version": "1", "purl": "pkg:npm/flat@1", **told}
    submit("shop", cyclonedx(published, subject=digest("three")))
    report("shop", deployment(digest=digest("three"), workload="Deployment/three"))

    answer = ask(stated={"kind": "account", "login": "RIGHT9CTRL"})

    statuses = {row.artifact.digest: row.status.value for row in answer.rows}
    assert statuses == {digest("three"): "possible", digest("one"): "unknown", digest("two"): "unknown"}
    (match,) = next(row for row in answer.rows if row.status.value == "possible").matches
    assert (match.reason, match.confidence) == ("made or published by right9ctrl, as an SBOM says", "low")


def test_an_account_of_nobody_is_unknown_of_all_that_runs_and_never_a_pass():
    answer = ask(stated={"kind": "account", "login": "nobody-knows"})

    assert {row.status.value for row in answer.rows} == {"unknown"}
    assert "who commits, reviews and publishes is in no evidence" in str(answer.header.asked.indicators[0].asked)


def test_what_another_team_claims_finds_nothing_of_mine():
    submit("payments", cyclonedx({**part("https://github.com/evil/one"), "name": "b", "purl": "pkg:npm/b@1"},
                                 subject=digest("theirs")))  # fmt: skip
    evil = {"kind": "repository", "url": "https://github.com/evil/one"}

    assert "possible" not in found(evil, actor=member_of("shop")).values()
    assert "possible" in found(evil, actor=SEES_ALL).values()


def test_what_is_claimed_again_is_kept_once():
    submit("shop", cyclonedx(part(f"https://github.com/acme/web/tree/{SHA}"), "pkg:npm/c@1", subject=digest("one")))

    assert sorted(ComponentSource.objects.values_list("kind", "value")) == [
        ("commit", SHA), ("repository", "github.com/acme/web"),
    ]  # fmt: skip
