"""What an indicator means: versions, ranges, bare names, source packages, hashes, images; when, where, for whom."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.impact.answer import Impact, Row, Status
from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import parse_text
from incidents.stated import read_indicator
from supplychain.access.actors import Actor
from tests.factories import SEES_ALL, cyclonedx, deployment, digest, later, member_of, report, snapshot, submit

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

A, B, C = digest("a"), digest("b"), digest("c")
EVERY = tuple(Status)
NOW = later(60)


def ask(text: str = "", *, stated: dict[str, Any] | None = None, actor: Actor = SEES_ALL, **members: Any) -> Impact:
    indicators = parse_text(text) if text else ()
    if stated is not None:
        indicator = read_indicator(stated, pointer="", faults=[])
        assert indicator is not None
        indicators = (*indicators, indicator)
    question = Question(indicators, **({"statuses": EVERY} | members))
    return assess(question, actor=actor, at=NOW)


def statuses(impact: Impact) -> dict[str, str]:
    return {row.artifact.digest or "": row.status.value for row in impact.rows}


def row_of(impact: Impact, subject: str) -> Row:
    return next(row for row in impact.rows if row.artifact.digest == subject)


def put(subject: str, *components: str | dict[str, Any], team: str = "shop", **document: Any) -> None:
    submit(team, cyclonedx(*components, subject=subject, **document))
    report(team, deployment(digest=subject, workload=f"Deployment/w{subject[7:12]}"))


# --- Identities (domain.md D4) -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "question"),
    [
        ("pkg:npm/%40ctrl/tinycolor@4.1.1", "pkg:npm/@ctrl/tinycolor@4.1.1"),
        ("pkg:npm/%40ctrl/tinycolor@4.1.1", "@ctrl/tinycolor:4.1.1"),
        ("pkg:npm/%40ctrl/tinycolor@4.1.1", "@ctrl/tinycolor,= 4.1.1 || = 4.1.2"),
        ("pkg:npm/%40ctrl/tinycolor@4.1.2", "@ctrl/tinycolor,= 4.1.1 || = 4.1.2"),
        ("pkg:npm/%40ctrl/tinycolor@4.1.1", "PKG:NPM/%40Ctrl/tinycolor@4.1.1"),
        ("pkg:pypi/django-foo.bar@1", "pkg:pypi/Django_Foo.Bar@1"),
        ("pkg:pypi/django-foo.bar@1.0", "pypi:django_foo-bar:1.0.0"),
        ("pkg:nuget/Newtonsoft.Json@13.0.1", "nuget:newtonsoft.JSON:13.0.1"),
        ("pkg:golang/github.com/Foo/Bar@v1.0.0", "go:github.com/foo/bar:v1.0.0"),
        ("pkg:maven/a/b@1?type=jar&classifier=x", "pkg:maven/a/b@1?classifier=x&type=jar"),
        ("pkg:maven/a/b@1", "a:b:1"),
        ("pkg:composer/acme/thing@1.0", "composer:Acme/Thing:1.0"),
        ("pkg:cargo/serde@1.0.1", "crates:serde:1.0.1"),
        ("pkg:gem/rack@2.2.3", "gem:rack:2.2.3"),
        ("pkg:deb/debian/openssl@3.0.2-1?arch=amd64&distro=debian-12", "deb:openssl:3.0.2-1"),
        (
            "pkg:deb/debian/openssl@3.0.2-1?arch=amd64&distro=debian-12",
            "pkg:deb/debian/openssl@3.0.2-1?distro=debian-12",
        ),
        ("pkg:githubactions/tj-actions/changed-files@v45", "tj-actions/changed-files@v45"),
    ],
)
def test_one_package_however_it_is_written(component: str, question: str):
    put(A, component)

    assert statuses(ask(question)) == {A: "affected"}


@pytest.mark.parametrize(
    "component",
    [
        "pkg:npm/Lodash@4.17.20", "pkg:pypi/lodash@4.17.20", "pkg:cargo/lodash@4.17.20", "pkg:gem/lodash@4.17.20",
        "pkg:maven/org.webjars/lodash@4.17.20", "pkg:deb/debian/lodash@4.17.20", "pkg:nuget/LoDash@4.17.20",
        "pkg:generic/lodash@4.17.20",
    ],
)  # fmt: skip
def test_a_bare_name_is_looked_for_in_every_ecosystem(component: str):
    put(A, component)

    assert statuses(ask("lodash@4.17.20")) == {A: "affected"}


@pytest.mark.parametrize(("component", "question"), [
    ("pkg:pypi/foo-bar@1.0", "Foo_Bar@1.0"), ("pkg:npm/%40scope/lodash@1.0", "lodash@1.0"),
    ("pkg:composer/vendor/lodash@1.0", "lodash@1.0"),
])  # fmt: skip
def test_a_bare_name_is_no_name_in_another_scope(component: str, question: str):
    put(A, component)

    assert statuses(ask(question)) == ({A: "affected"} if "pypi" in component else {})


def test_another_ecosystems_package_of_the_name_is_not_asked_for():
    put(A, "pkg:pypi/lodash@4.17.20")

    assert statuses(ask("npm:lodash:4.17.20")) == {}


# --- Versions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "status"),
    [("2.14.1", "affected"), ("2.15.0-rc1", "affected"), ("2.15.0", "cleared"), ("2.3.1", "cleared")],
)
def test_a_range_is_judged_by_the_ecosystems_order(version: str, status: str):
    put(A, f"pkg:maven/org.apache.logging.log4j/log4j-core@{version}")
    question = {"kind": "package", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core",
                "range": "vers:maven/>=2.4|<2.15.0"}  # fmt: skip

    assert statuses(ask(stated=question)) == {A: status}
    assert statuses(ask("log4j-core >=2.4,<2.15.0")) == {A: status}


def test_debian_judges_by_its_own_order():
    put(A, "pkg:deb/debian/xz-utils@5.6.1%2Breally5.4.5-1?distro=debian-13")
    put(B, "pkg:deb/debian/xz-utils@5.6.1-1?distro=debian-13")

    assert statuses(ask("deb:xz-utils >=5.6.0,<=5.6.1-1")) == {A: "cleared", B: "affected"}


def test_a_version_without_place_in_the_order_is_possible_and_never_cleared():
    put(A, {"bom-ref": "a", "name": "lodash", "purl": "pkg:npm/lodash"})
    put(B, "pkg:npm/lodash@not~a~version")

    impact = ask("npm:lodash <4.17.21")

    assert statuses(impact) == {A: "possible", B: "possible"}
    assert "cannot be compared" in row_of(impact, A).matches[0].reason


def test_a_listed_word_matches_by_its_text():
    put(A, "pkg:npm/lodash@latest")

    assert statuses(ask("npm:lodash@latest")) == {A: "affected"}


def test_a_package_without_versions_stands_for_all_of_them():
    put(A, "pkg:npm/lodash@1.0")
    put(B, {"bom-ref": "a", "name": "lodash", "purl": "pkg:npm/lodash"})

    assert statuses(ask("pkg:npm/lodash")) == {A: "affected", B: "affected"}


def test_another_build_is_cleared_with_its_reason():
    put(A, "pkg:deb/debian/liblzma5@5.6.1-1?arch=arm64&distro=debian-13")

    impact = ask("pkg:deb/debian/liblzma5@5.6.1-1?arch=amd64")

    assert statuses(impact) == {A: "cleared"}


def test_affected_beats_possible_beats_cleared_in_one_artifact():
    put(A, "pkg:npm/lodash@4.17.20", "pkg:npm/lodash@4.17.21", "pkg:npm/lodash@weird~one")

    impact = ask("npm:lodash <4.17.21")

    assert statuses(impact) == {A: "affected"}
    assert impact.header.summary.affected.artifact_count == 1
    assert impact.header.summary.possible.artifact_count == impact.header.summary.cleared.artifact_count == 0


def test_cleared_counts_only_who_holds_the_package():
    put(A, "pkg:npm/lodash@4.17.21")
    put(B, "pkg:npm/other@1.0")

    impact = ask("npm:lodash@4.17.20")

    assert statuses(impact) == {A: "cleared"}
    assert impact.header.summary.cleared.running_artifact_count == 1


# --- Source packages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "asked", "status"),
    [
        ("5.6.1-1?arch=amd64&distro=debian-13", "5.6.1-1?arch=amd64&distro=debian-13.1", "affected"),
        ("5.6.1-1?arch=arm64", "5.6.1-1?arch=amd64", "cleared"),
        ("5.6.1-1?arch=all", "5.6.1-1?arch=amd64", "affected"),
        ("5.6.1-1?arch=amd64&distro=debian-12", "5.6.1-1?arch=amd64&distro=debian-13", "possible"),
        ("5.4.1-1?arch=amd64&distro=debian-12", "5.6.1-1?arch=amd64&distro=debian-13", "cleared"),
        ("5.6.1-1+b1?arch=amd64", "5.6.1-1?arch=amd64", "affected"),
        ("5.6.1+really5.4.5-1?arch=amd64", "5.6.1-1?arch=amd64", "cleared"),
    ],
)
def test_a_qualifier_clears_only_what_is_surely_another_build(held: str, asked: str, status: str):
    put(A, f"pkg:deb/debian/liblzma5@{held.replace('+', '%2B')}")

    assert statuses(ask(f"pkg:deb/debian/liblzma5@{asked}")) == {A: status}


def test_a_source_package_finds_what_was_built_from_it():
    put(A, "pkg:deb/debian/liblzma5@5.6.1-1?arch=amd64&distro=debian-13&upstream=xz-utils")

    impact = ask("deb:xz-utils:5.6.1-1")

    assert statuses(impact) == {A: "affected"}
    assert "source package" in row_of(impact, A).matches[0].reason


def test_a_binary_package_is_found_by_its_own_name_and_bare():
    put(A, "pkg:deb/debian/liblzma5@5.6.1-1?arch=amd64&upstream=xz-utils")

    assert statuses(ask("liblzma5=5.6.1-1")) == {A: "affected"}
    assert statuses(ask("xz-utils@5.6.1-1")) == {A: "affected"}


# --- Unknown -------------------------------------------------------------------------------------------------------


def test_what_runs_without_a_readable_sbom_is_unknown():
    put(A, "pkg:npm/lodash@4.17.20")
    report("shop", deployment(digest=B, workload="Deployment/mystery"))
    report("shop", deployment(image="r.io/tagged:1", workload="Deployment/tagged"))

    impact = ask("npm:lodash@4.17.20")

    assert statuses(impact) == {A: "affected", B: "unknown"}
    assert impact.header.coverage.containers_without_digest_count == 1
    assert impact.header.coverage.without_sbom_count == 1


def test_what_only_takes_part_in_building_is_build_exposure():
    put(A, {"bom-ref": "a", "name": "lodash", "version": "4.17.20", "purl": "pkg:npm/lodash@4.17.20",
            "properties": [{"name": "cdx:npm:package:development", "value": "true"}]})  # fmt: skip

    impact = ask("npm:lodash@4.17.20")

    assert [(row.status.value, row.effect.value) for row in impact.rows] == [("affected", "build")]
    assert impact.header.summary.build_exposure.artifact_count == 1
    assert impact.header.summary.affected.artifact_count == 1


# --- Hashes --------------------------------------------------------------------------------------------------------


def hashed(version: str, value: str) -> dict[str, Any]:
    return {"bom-ref": version, "name": "lib", "version": version, "purl": f"pkg:npm/lib@{version}",
            "hashes": [{"alg": "SHA-1", "content": value}]}  # fmt: skip


def test_a_hash_finds_the_component_that_states_it():
    put(A, hashed("1.0", "1" * 40))
    put(B, hashed("1.1", "2" * 40))

    impact = ask(f"sha1:{'1' * 40}")

    assert statuses(impact) == {A: "affected"}


def test_a_hash_of_a_component_that_states_several_is_possible():
    put(A, hashed("1.0", "1" * 40))
    put(B, hashed("1.0", "2" * 40))

    assert set(statuses(ask("1" * 40)).values()) == {"possible"}


def test_a_hash_only_another_team_stated_is_not_found():
    put(A, hashed("1.0", "1" * 40), team="other")
    put(B, hashed("1.0", "2" * 40), team="shop")

    assert statuses(ask(f"sha1:{'1' * 40}", actor=member_of("shop"))) == {}


def test_a_bare_hash_is_looked_for_among_artifacts_as_well():
    put(A, "pkg:npm/x@1.0")

    assert statuses(ask(A.removeprefix("sha256:"))) == {A: "affected"}


# --- Artifacts and images ------------------------------------------------------------------------------------------


def test_a_digest_is_affected_whatever_is_in_it():
    put(A, "pkg:npm/x@1.0")
    report("shop", deployment(digest=B, workload="Deployment/b"))

    assert statuses(ask(f"{A}\n{B}")) == {A: "affected", B: "affected"}


def test_an_image_name_is_only_possible():
    report("shop", deployment(digest=A, image="r.example/app:1.2"))
    report("shop", deployment(digest=B, image="r.example/app:1.3", workload="Deployment/b"))

    assert statuses(ask("r.example/app:1.2", statuses=(Status.POSSIBLE,))) == {A: "possible"}
    assert statuses(ask("r.example/app", statuses=(Status.POSSIBLE,))) == {A: "possible", B: "possible"}


def test_an_image_name_counts_in_its_own_window():
    report("shop", deployment(digest=A, image="r.example/app:1"))
    report("shop", deployment(digest=B, image="r.example/app:1"), at=later(10))

    def asked(since: int, until: int) -> set[str]:
        window = {"from": later(since).isoformat(), "to": later(until).isoformat()}
        stated = {"kind": "image", "reference": "r.example/app:1", **window}
        return set(statuses(ask(stated=stated, statuses=(Status.POSSIBLE,))))

    assert asked(0, 10) == {A}
    assert asked(5, 11) == {A, B}
    assert asked(10, 20) == {B}


def test_a_name_that_only_a_document_tells_counts_in_every_window():
    submit("shop", cyclonedx("pkg:npm/a@1", subject=A, name="r.example/app:1"))
    stated = {"kind": "image", "reference": "r.example/app:1", "to": later(-1000).isoformat()}

    assert statuses(ask(stated=stated)) == {A: "possible"}


# --- When ----------------------------------------------------------------------------------------------------------


def test_a_question_about_an_instant_and_a_window():
    submit("shop", cyclonedx("pkg:npm/lodash@4.17.20", subject=A))
    report("shop", deployment(digest=A))
    report("shop", deployment(digest=B), at=later(10))

    def running(**when: Any) -> bool:
        return row_of(ask("npm:lodash@4.17.20", **when), A).running

    assert not running()
    assert running(at=later(9))
    assert not running(at=later(10))
    assert running(window_from=later(9), window_to=later(20))
    assert not running(window_from=later(10), window_to=later(20))
    assert not running(window_from=later(-10), window_to=later(0))


def test_what_went_unseen_for_too_long_before_its_end_is_possible_then():
    submit("shop", cyclonedx("pkg:npm/lodash@4.17.20", subject=A))
    whole = {"digest": A, "workload": "Deployment/api"}
    other = deployment(digest=B, workload="Deployment/other")
    snapshot("shop", deployment(**whole), other)
    snapshot("shop", other, at=later(240))

    assert statuses(ask("npm:lodash@4.17.20", at=later(1)))[A] == "affected"
    assert statuses(ask("npm:lodash@4.17.20", at=later(120)))[A] == "possible"


# --- Where and for whom --------------------------------------------------------------------------------------------


def test_scopes_narrow():
    put(A, "pkg:npm/lodash@4.17.20")
    submit("shop", cyclonedx("pkg:npm/lodash@4.17.20", subject=B))
    report("shop", deployment(digest=B, cluster="prod-us", environment="production"))

    assert statuses(ask("npm:lodash", clusters=("prod-us",))) == {B: "affected"}
    assert statuses(ask("npm:lodash", environments=("production",))) == {B: "affected"}
    assert statuses(ask("npm:lodash", teams=("nobody",))) == {}
    assert set(statuses(ask("npm:lodash", teams=("shop",)))) == {A, B}


def test_a_member_sees_the_own_teams_rows_alone():
    put(A, "pkg:npm/lodash@4.17.20", team="shop")
    put(B, "pkg:npm/lodash@4.17.20", team="other")

    assert statuses(ask("npm:lodash", actor=member_of("shop"))) == {A: "affected"}
    assert set(statuses(ask("npm:lodash"))) == {A, B}
