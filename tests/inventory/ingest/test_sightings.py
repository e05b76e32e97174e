"""What of a report counts, and when: rules that need no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory.formats.records import ArtifactKind, ContainerClass, RunRecord, RuntimeRecord
from inventory.identity.digests import parse_digest
from inventory.ingest.sightings import Report, Sender, namespaces_of, read_report

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DIGEST = parse_digest("sha256:" + "a" * 64)


def run(**columns: Any) -> RunRecord:
    given: dict[str, Any] = {
        "pointer": "/0",
        "cluster": "prod-eu",
        "namespace": "shop",
        "workload_kind": "Deployment",
        "workload_name": "api",
        "container": "app",
        "container_class": ContainerClass.CONTAINER,
        "pod": "",
        "image": "",
        "digest": DIGEST,
        "digest_kind": ArtifactKind.UNKNOWN,
    }
    return RunRecord(**(given | columns))


def read(*runs: RunRecord, observed_at: datetime | None = None, **sender: Any) -> Report:
    given: dict[str, Any] = {"cluster": "", "received_at": NOW, "bound_clusters": frozenset(), "is_snapshot": False}
    record = RuntimeRecord(format="deployment", runs=list(runs), observed_at=observed_at)
    return read_report(record, sender=Sender(**(given | sender)))


def refused(report: Report) -> list[str]:
    return [refusal.code for refusal in report.refusals]


def test_a_record_is_dated_by_itself_then_by_its_report_then_by_its_receipt():
    own, whole = NOW - timedelta(hours=2), NOW - timedelta(hours=1)

    assert [sighting.at for sighting in read(run(observed_at=own), observed_at=whole).sightings] == [own]
    assert [sighting.at for sighting in read(run(), observed_at=whole).sightings] == [whole]
    assert [sighting.at for sighting in read(run()).sightings] == [NOW]


def test_an_end_is_dated_by_when_it_ended():
    ended = NOW - timedelta(hours=2)

    (sighting,) = read(run(ended=True, ended_at=ended, observed_at=NOW)).sightings

    assert sighting.at == ended


@pytest.mark.parametrize("minutes", [5, 6])
def test_a_clock_may_be_five_minutes_ahead(minutes):
    ahead = NOW + timedelta(minutes=minutes)

    report = read(run(observed_at=ahead))

    assert [sighting.at for sighting in report.sightings] == [ahead if minutes == 5 else NOW]
    assert [warning.code for warning in report.warnings] == ([] if minutes == 5 else ["clock_skew"])


def test_a_start_after_the_sighting_is_not_believed():
    (sighting,) = read(run(started_at=NOW + timedelta(seconds=1))).sightings

    assert sighting.started_at is None


@pytest.mark.parametrize(
    ("image", "name", "tag"),
    [
        ("nginx", "docker.io/library/nginx", ""),
        ("Registry.Example:5000/app:1.2@sha256:" + "b" * 64, "registry.example:5000/app", "1.2"),
        ("not an image", "not an image", ""),
        ("", "", ""),
    ],
)
def test_an_image_is_kept_by_its_normal_name(image, name, tag):
    (sighting,) = read(run(image=image)).sightings

    assert (sighting.image_name, sighting.image_tag) == (name, tag)


def test_a_volume_and_a_container_of_one_name_are_two():
    report = read(run(pod="p"), run(pod="p", container_class=ContainerClass.IMAGE_VOLUME))

    assert [sighting.key.container for sighting in report.sightings] == ["app", "volume/app"]
    assert report.overruled_count == 0


def test_the_last_undated_record_of_a_container_counts_and_dated_ones_all_do():
    dated = run(observed_at=NOW - timedelta(hours=1), pointer="/2")

    report = read(run(pointer="/0"), run(pointer="/1"), dated, run(pod="p", pointer="/3"))

    assert [sighting.record.pointer for sighting in report.sightings] == ["/1", "/2", "/3"]
    assert [(warning.code, warning.pointer) for warning in report.warnings] == [("duplicate_key_in_batch", "/0")]


@pytest.mark.parametrize(
    "columns",
    [
        {"namespace": "x" * 256},
        {"workload_kind": "x" * 65},
        {"pod": "a\x00b"},
        {"service": "\ud800"},
        {"cluster": "\x00"},
    ],
)
def test_a_value_that_no_column_holds_refuses_its_record(columns):
    report = read(run(**columns), run(container="other"))

    assert refused(report) == ["bad_text"]
    assert len(report.sightings) == 1


def test_a_record_without_cluster_takes_the_requests():
    assert refused(read(run(cluster=""))) == ["cluster_required"]
    assert [sighting.key.cluster for sighting in read(run(cluster=""), cluster="prod-us").sightings] == ["prod-us"]


def test_a_bound_key_reports_its_clusters_and_a_snapshot_its_own():
    assert refused(read(run(), bound_clusters=frozenset({"prod-us"}))) == ["outside_binding"]
    assert refused(read(run(), cluster="prod-us", is_snapshot=True)) == ["other_cluster"]


def test_the_namespaces_of_a_report_are_those_that_occur():
    assert namespaces_of(read(run(), run(namespace="b", container="c")).sightings) == {"shop", "b"}
