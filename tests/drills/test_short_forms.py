"""Short forms of the drills, in the suite: real servers, a web server, workers that are killed (docs/operations.md)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.drills import concurrent_uploads, ingest, poison, retraction, tamper
from tests.drills.findings import Findings
from tests.drills.site import Site

pytestmark = pytest.mark.slow
SHORT = ingest.Options(uploads=60, per_second=20, kill_worker_every=1, least_kills=1, flush_redis_at=30, workers=1)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("drill"))
    try:
        site.start_servers()
        yield site
    finally:
        site.close()


def assert_passed(findings: Findings) -> None:
    assert findings.passed, findings.line("drill", seconds=0)


def test_d1_a_killed_worker_and_a_flushed_broker_lose_nothing(site: Site) -> None:
    assert_passed(ingest.run(site, SHORT, queue=ingest.HURRIED))


def test_d3_a_broker_as_the_queue_of_record_loses_documents_and_the_drill_reports_it(site: Site) -> None:
    assert_passed(ingest.run_control(site, SHORT))


def test_d7_equal_uploads_at_once_are_one_document_and_different_ones_are_all_kept(site: Site) -> None:
    assert_passed(concurrent_uploads.run(site, concurrent_uploads.Options(), queue=ingest.HURRIED))


def test_d9_whoever_forges_the_audit_log_is_found_out(site: Site) -> None:
    assert_passed(tamper.run(site, tamper.Options(rows=20, cut=5, damages="changed,cut")))


def test_d10_poison_is_put_aside_with_a_code_and_the_next_document_is_applied(site: Site) -> None:
    assert_passed(poison.run(site, poison.Options(poisons="exit,segfault")))


def test_d19_what_a_list_takes_back_is_shown_and_the_actions_that_rested_on_it_are_flagged(site: Site) -> None:
    assert_passed(retraction.run(site, retraction.Options(rows=40, services=6)))
