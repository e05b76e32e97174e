"""What is stated of a row's vulnerabilities stands beside it, and takes nothing away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from incidents.asking import read_body
from incidents.impact.assess import assess
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, START, cyclonedx, deployment, digest, member_of, report, submit

pytestmark = pytest.mark.django_db(transaction=True)

CORE = "pkg:maven/org.apache.logging.log4j/log4j-core"
ONE, TWO = digest("one"), digest("two")


@pytest.fixture(autouse=True)
def estate() -> None:
    for subject in (ONE, TWO):
        submit("shop", cyclonedx(f"{CORE}@2.14.1", "pkg:npm/left-pad@1.0.0", subject=subject))
        report("shop", deployment(digest=subject, workload=f"Deployment/{subject[7:12]}"))


def state(team: str, *products: Any, at: str = "2026-02-01", number: int = 1, **members: Any) -> None:
    statement = {
        "vulnerability": {"name": "CVE-2021-44228"}, "products": list(products), "status": "not_affected",
        "justification": "vulnerable_code_not_present", "impact_statement": "JndiLookup removed", **members,
    }  # fmt: skip
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": f"https://example.com/vex/{number}", "version": 1,
        "author": "Acme Security", "timestamp": f"{at}T00:00:00Z", "statements": [statement],
    }  # fmt: skip
    submit(team, json.dumps(document).encode())


def vex(*, actor: Actor = SEES_ALL) -> dict[str | None, tuple[str, ...]]:
    question = read_body({"text": CORE})
    rows = assess(question, actor=actor, at=START).rows
    assert {row.status.value for row in rows} == {"affected"}
    return {row.artifact.digest: row.vex for row in rows}


SAID = "CVE-2021-44228 not_affected (vulnerable_code_not_present): JndiLookup removed; says Acme Security, 2026-02-01"


def oci(subject: str) -> str:
    return f"pkg:oci/app@{subject.replace(':', '%3A')}"


def test_a_statement_about_an_artifact_stands_beside_its_row_alone():
    state("shop", {"@id": oci(ONE)})

    assert vex() == {ONE: (SAID,), TWO: ()}


def test_a_statement_about_a_component_in_an_artifact_stands_there():
    state("shop", {"@id": oci(ONE), "subcomponents": [{"@id": f"{CORE}@2.14.1"}]})
    state("shop", {"@id": oci(TWO), "subcomponents": [{"@id": "pkg:npm/left-pad@1.0.0"}]}, number=2)

    assert vex() == {ONE: (SAID,), TWO: ()}


def test_a_statement_about_a_package_stands_wherever_that_version_matched():
    state("shop", {"@id": f"{CORE}@2.14.1"})
    state("shop", {"@id": f"{CORE}@2.17.0"}, number=2)

    assert vex() == {ONE: (SAID,), TWO: (SAID,)}


def test_the_latest_word_of_an_issuer_counts():
    state("shop", {"@id": oci(ONE)}, at="2026-02-02", status="under_investigation", justification="", number=2)
    state("shop", {"@id": oci(ONE)})

    assert vex()[ONE] == ("CVE-2021-44228 under_investigation: JndiLookup removed; says Acme Security, 2026-02-02",)


def test_what_another_team_states_is_not_shown():
    state("payments", {"@id": oci(ONE)})

    assert vex(actor=member_of("shop")) == {ONE: (), TWO: ()}
    assert vex(actor=SEES_ALL)[ONE] == (SAID,)
