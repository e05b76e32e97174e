"""The tour's print-out says what the API said, on one screen."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from incidents.management.demo_answer import MAX_COLUMNS, MAX_LINES, Person, Tour, print_out

Json = dict[str, Any]

TOUR = Tour(
    question="Where do we run it?",
    page="http://127.0.0.1:8000/impact?q=pkg%3Anpm%2Fvm2",
    sign_in_page="http://127.0.0.1:8000/sign-in",
    people=(Person("nadia", "secret-of-nadia", "responder"), Person("tomas", "secret-of-tomas", "developer")),
)


def workload(cluster: str = "prod-eu", name: str = "psp-webhooks", service: str = "psp-webhooks") -> Json:
    return {
        "cluster": cluster, "environment": "production", "namespace": "payments", "kind": "Deployment", "name": name,
        "container": name, "service": service, "team": "payments", "running_since": "2026-11-01T00:00:00Z",
        "last_seen_at": "2026-11-23T00:00:00Z", "ended_at": None,
    }  # fmt: skip


def row(
    number: int = 1,
    *,
    status: str = "affected",
    effect: str = "runtime",
    path: tuple[str, ...] | None = ("pkg:npm/vm2@3.9.11",),
    workloads: list[Json] | None = None,
) -> Json:
    places = [workload()] if workloads is None else workloads
    return {
        "artifact": {"digest": f"sha256:{number:064x}", "names": ["registry.example/payments/psp-webhooks:2.1.0"]},
        "status": status,
        "effect": effect,
        "running": bool(places),
        "matches": [{"indicator": 0, "purl": "pkg:npm/vm2@3.9.11", "path": list(path) if path else None}],
        "workloads": places,
    }


def answer(rows: list[Json]) -> Json:
    counts = {"artifact_count": 3, "running_artifact_count": 2, "workload_count": 4, "namespace_count": 5}
    return {
        "asked": {"indicators": [{"given": "vm2", "purl": "pkg:npm/vm2", "range": "vers:npm/<3.9.18"}]},
        "data_as_of": "2026-11-23T10:00:00Z",
        "backlog": {"evidence_count": 0, "oldest_received_at": None, "quarantined_count": 0},
        "coverage": {
            "running_artifact_count": 120, "sbom_complete_count": 101, "sbom_partial_count": 8,
            "without_sbom_count": 11, "containers_without_digest_count": 7, "index_unresolved_count": 6,
            "unmapped_service_count": 9, "ecosystems": {"npm": 1},
            "clusters": [
                {"name": "prod-eu", "last_heard_at": "2026-11-23T10:00:00Z", "stale": False},
                {"name": "staging-eu", "last_heard_at": "2026-11-21T10:00:00Z", "stale": True},
            ],
        },
        "summary": {
            "affected": counts | {"cluster_count": 2}, "possible": {"artifact_count": 12}, "cleared": {},
            "unknown": {"artifact_count": 13}, "build_exposure": {"artifact_count": 14},
        },
        "clusters": [
            {"cluster": "prod-eu", "environment": "production",
             "namespaces": [
                 {"namespace": "payments", "workload_count": 2}, {"namespace": "edge", "workload_count": 1},
             ]},
        ],
        "rows": rows,
        "next": None,
    }  # fmt: skip


def text_of(document: Json) -> str:
    return "\n".join(print_out(document, tour=TOUR))


def test_the_counts_are_those_of_the_api():
    text = text_of(answer([row()]))

    assert "3 digests, 2 of them running" in text
    assert "4 workloads, 1 service, 5 namespaces, 2 clusters" in text
    assert "possible 12, cleared by version 0, unknown 13; exposed in builds alone 14" in text


def test_services_are_counted_once_however_many_clusters_run_them():
    rows = [row(1, workloads=[workload(), workload("prod-us")]), row(2, workloads=[workload(name="x", service="x")])]

    assert ", 2 services," in text_of(answer(rows))


def test_the_coverage_names_what_is_not_known():
    text = text_of(answer([row()]))

    assert "120 running digests: 101 with a complete SBOM, 8 with a partial one, 11 without" in text
    assert "7 containers without a digest, 6 unresolved image indexes, 9 workloads of no service" in text
    assert "heard from prod-eu; silent too long: staging-eu" in text


def test_clusters_are_shown_with_their_namespaces():
    assert "prod-eu (production): payments 2, edge 1" in text_of(answer([row()]))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("pkg:npm/vm2@3.9.11",), "direct"),
        (("pkg:npm/%40x/pm2@5.2.2", "pkg:npm/a@1", "pkg:npm/vm2@3.9.11"), "via %40x/pm2, 3 steps"),
        (None, "path not recorded"),
    ],
)
def test_a_row_says_how_the_package_came_in(path, said):
    assert said in text_of(answer([row(path=path)]))


def test_a_row_says_when_only_builds_are_exposed_and_when_nothing_runs_it():
    assert " in build " in text_of(answer([row(effect="build")]))
    assert "not running" in text_of(answer([row(workloads=[])]))


def test_a_row_is_called_by_a_name_that_tells_its_version():
    named = row()
    named["artifact"]["names"] = ["registry.example/pay/a", "registry.example/pay/a:1.2"]

    assert " a:1.2 " in text_of(answer([named]))


def test_a_row_without_a_digest_is_shown_all_the_same():
    nameless = row(workloads=[])
    nameless["artifact"] = {"digest": None, "names": [], "kind": "named"}

    assert "no digest" in text_of(answer([nameless]))


def test_the_page_and_the_sign_ins_are_shown_whole():
    text = text_of(answer([row()]))

    assert TOUR.page in text
    assert "nadia  secret-of-nadia  responder" in text


def test_many_rows_end_with_how_many_are_left():
    lines = print_out(answer([row(number) for number in range(1, 31)]), tour=TOUR)

    assert len(lines) <= MAX_LINES
    assert any(line.strip().startswith("and ") and "more on the page" in line for line in lines)
    assert lines[-1].strip().startswith("tomas")


def test_no_line_is_longer_than_a_terminal_is_wide():
    wide = answer([row()])
    wide["clusters"] = [
        copy.deepcopy(wide["clusters"][0])
        | {"namespaces": [{"namespace": f"namespace-{n}", "workload_count": n} for n in range(30)]}
    ]
    wide["rows"][0]["artifact"]["names"] = ["registry.example/" + "a" * 200]

    assert max(len(line) for line in print_out(wide, tour=TOUR)) <= MAX_COLUMNS


def test_many_clusters_leave_the_coverage_and_the_doors_on_the_screen():
    many = answer([row(number) for number in range(1, 12)])
    many["clusters"] = many["clusters"] * 40
    lines = print_out(many, tour=TOUR)

    assert len(lines) <= MAX_LINES
    assert "Coverage" in lines
    assert any("secret-of-tomas" in line for line in lines)


def test_an_answer_without_a_hit_does_not_say_not_affected():
    empty = answer([])
    empty["summary"]["affected"] = {}
    empty["clusters"] = []
    text = text_of(empty)

    assert "0 digests, 0 of them running" in text
    assert "not affected" not in text
