"""Log4Shell, CVE-2021-44228 and the CVE-2021-45046 that followed: exact sets, and what must not match."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import cyclonedx, openvex
from tests.flows.conftest import KeyMaker
from tests.flows.scenario import Estate, running

CORE = "pkg:maven/org.apache.logging.log4j/log4j-core"
FIRST = {"kind": "package", "purl": CORE, "range": "vers:maven/<2.3.1|>=2.4|<2.12.2|>=2.13.0|<2.15.0"}
SECOND = {"kind": "package", "purl": CORE, "range": "vers:maven/<2.16.0"}
SHA1 = "9c3f" * 10
TEST = [{"name": "supplychain:scope", "value": "test"}]
HASH = {"kind": "hash", "algorithm": "sha1", "value": SHA1}


def core(version: str, **members: Any) -> dict[str, Any]:
    return {"type": "library", "bom-ref": f"core@{version}", "group": "org.apache.logging.log4j", "name": "log4j-core",
            "version": version, "purl": f"{CORE}@{version}", **members}  # fmt: skip


@pytest.fixture
def estate(new_key: KeyMaker) -> Estate:
    """Ten images: A1 to A10 of the scenario."""
    found = Estate(new_key("shop", "evidence:write", "inventory:read", "incidents:read", "incidents:write"))
    chain = ["pkg:maven/o/starter@1", "pkg:maven/o/logging@1", "pkg:maven/o/adapter@1"]
    steps = [
        {"name": purl.split("/")[2].split("@")[0], "version": "1", "purl": purl, "bom-ref": purl} for purl in chain
    ]
    edges = dict(zip(["root", *chain], [[step] for step in [*chain, "core@2.13.3"]], strict=True))
    jar = {"type": "file", "name": "app.jar", "bom-ref": "jar", "components": [core("2.14.1")]}
    api = "pkg:maven/org.apache.logging.log4j/log4j-api@2.14.1"
    documents = {
        "A1": cyclonedx(core("2.14.1"), subject=found.digest("A1"), dependencies={"root": ["core@2.14.1"]}),
        "A2": cyclonedx(*steps, core("2.13.3"), subject=found.digest("A2"), dependencies=edges),
        "A3": cyclonedx(jar, subject=found.digest("A3")),
        "A4": cyclonedx(api, subject=found.digest("A4")),
        "A5": cyclonedx(core("2.12.2"), subject=found.digest("A5")),
        "A6": cyclonedx(core("2.15.0-rc1"), subject=found.digest("A6")),
        "A7": cyclonedx(core("2.15.0"), subject=found.digest("A7")),
        "A9": cyclonedx({"type": "file", "name": "x.jar", "hashes": [{"alg": "SHA-1", "content": SHA1}]},
                        subject=found.digest("A9")),
        "A10": cyclonedx(core("2.14.1", properties=TEST), subject=found.digest("A10")),
    }  # fmt: skip
    for name, data in documents.items():
        found.send(data, name=f"registry.example/{name.lower()}:1")
    removed = f"pkg:oci/a3@{found.digest('A3').replace(':', '%3A')}"
    statement = openvex(removed, name="CVE-2021-44228", status="fixed")
    found.send(statement.replace(b'"status"', b'"status_notes": "JndiLookup removed", "status"'))
    found.runs(
        *(running(found.digest("A1"), "a1", pod=f"a1-{pod}", environment="production") for pod in range(3)),
        running(found.digest("A2"), "a2", cluster="staging-eu", environment="staging"),
        *(running(found.digest(name), name.lower()) for name in ("A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10")),
    )
    found.settle()
    return found


def test_log4shell_is_found_by_version_hash_and_path_and_the_second_advisory_widens_it(estate: Estate) -> None:
    first = estate.ask(FIRST, HASH)

    rows = estate.rows(first)
    assert estate.statuses(first) == {
        **dict.fromkeys(("A1", "A2", "A3", "A6", "A9", "A10"), "affected"),
        **dict.fromkeys(("A5", "A7"), "cleared"),
        "A8": "unknown",
    }
    assert [name for name, row in rows.items() if row["effect"] == "build"] == ["A10"]
    assert len(rows["A2"]["matches"][0]["path"]) == 4
    assert rows["A3"]["matches"][0]["path"] is None
    # What is stated of it is a note: the row stays.
    assert rows["A3"]["vex"] == ["CVE-2021-44228 fixed; says Acme Security, 2026-02-01"]
    assert not any(row["vex"] for name, row in rows.items() if name != "A3")
    assert rows["A9"]["matches"][0]["reason"] == "its sha1 is the one asked for"
    assert {work["cluster"] for row in rows.values() for work in row["workloads"]} == {"prod-eu", "staging-eu"}
    assert first["coverage"]["without_sbom_count"] == 1

    second = estate.ask(SECOND, HASH)

    changed = {name for name, status in estate.statuses(second).items() if status != estate.statuses(first)[name]}
    assert changed == {"A5", "A7"}
    assert estate.statuses(second) == dict.fromkeys(documents_with_core(), "affected") | {"A8": "unknown"}


def test_the_second_advisory_is_the_next_answer_of_the_same_incident(estate: Estate) -> None:
    incident = estate.opened("Log4Shell", indicators=[FIRST, HASH])
    assert set(estate.statuses(incident.answer())) == documents_with_core() - {"A5", "A7"}

    number = incident.ask_again(indicators=[SECOND, HASH])

    assert set(estate.statuses(incident.answer(number))) == documents_with_core()
    assert incident.difference(number) == {
        "added": {"A5", "A7"}, "retracted": set(), "changed": set(), "started": set(), "stopped": set(),
    }  # fmt: skip
    # What was known then stays as it was told.
    assert set(estate.statuses(incident.answer(1))) == documents_with_core() - {"A5", "A7"}
    (asked, _) = incident.answer(number)["asked"]["indicators"]
    assert asked["range"] == "vers:maven/<2.16.0"
    nothing_else = incident.ask_again()
    assert not any(incident.difference(nothing_else).values())


def documents_with_core() -> set[str]:
    return {"A1", "A2", "A3", "A5", "A6", "A7", "A9", "A10"}
