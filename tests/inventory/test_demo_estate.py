"""The demo estate is whole: every digest is of real bytes, and the same moment gives the same uploads."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import RuntimeRecord
from inventory.management.demo_access import DemoState, SignIn, read_state, write_state
from inventory.management.demo_estate import DOCUMENTS, PHASES, ROLLOUTS, Estate, Upload

FOLDER = Path(__file__).resolve().parent.parent / "data" / "demo"
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SIZE_LIMIT_BYTES = 5 * 1024 * 1024
REGISTRY_HOST = re.compile(rb"https?://[^/\"]*\b(npmjs|pypi|pythonhosted|yarnpkg)\.")
MACHINE_PATH = re.compile(rb'"/?(work|root|home|tmp|src)/')


@pytest.fixture(scope="module")
def estate():
    return Estate(FOLDER)


@pytest.fixture(scope="module")
def uploads(estate):
    return list(estate.uploads(at=AT))


def snapshot_of(uploads: list[Upload], cluster: str) -> Any:
    return next(json.loads(u.body) for u in uploads if u.label == f"snapshot of {cluster}")


def pods_of(uploads: list[Upload], name: str) -> list[Any]:
    listed = next(json.loads(u.body) for u in uploads if u.label == "pods of prod-us")
    return [item for item in listed["items"] if item["metadata"]["name"].startswith(f"{name}-")]


def test_the_estate_is_a_company_of_forty_services_in_three_clusters_and_two_environments(estate):
    assert len(estate.services) >= 40
    assert {cluster.environment for cluster in estate.clusters} == {"production", "staging"}
    assert len(estate.clusters) == 3
    assert all(2 <= len(service["versions"]) <= 4 for service in estate.services)


def test_every_service_belongs_to_a_team_that_exists(estate):
    assert {service["team"] for service in estate.services} <= set(estate.teams)


def test_the_data_stays_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < SIZE_LIMIT_BYTES


def test_no_sbom_names_a_package_registry_or_a_path_of_the_machine_it_was_made_on():
    for path in sorted((FOLDER / "sboms").iterdir()):
        content = gzip.decompress(path.read_bytes())

        assert not REGISTRY_HOST.search(content), path.name
        assert not MACHINE_PATH.search(content), path.name


def test_every_file_is_used_and_every_used_file_is_there():
    images = json.loads((FOLDER / "images.json").read_text())
    entries = [image for versions in images.values() for image in versions.values()]

    assert {sbom["file"] for image in entries for sbom in image["sboms"]} == {
        p.name for p in (FOLDER / "sboms").iterdir()
    }
    assert {name for image in entries for name in image.get("documents", ())} == {
        p.name for p in (FOLDER / "oci").iterdir()
    }


def test_the_digest_of_every_image_document_is_the_digest_of_its_bytes():
    images = json.loads((FOLDER / "images.json").read_text())
    for versions in images.values():
        for image in versions.values():
            for name in image.get("documents", ()):
                content = (FOLDER / "oci" / name).read_bytes()
                kind = "index" if name.endswith(".index.json") else "manifest"

                assert image[kind] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_an_image_scanned_by_syft_names_its_own_digest():
    images = json.loads((FOLDER / "images.json").read_text())
    image = images["storefront-bff"]["3.2.0"]
    document = json.loads(gzip.decompress((FOLDER / "sboms" / image["sboms"][0]["file"]).read_bytes()))

    assert document["metadata"]["component"]["version"] == image["manifest"]


def test_uploads_come_phase_by_phase(uploads):
    phases = [upload.phase for upload in uploads]

    assert phases == sorted(phases, key=PHASES.index)
    assert {upload.sender.partition(":")[0] for upload in uploads if upload.phase != DOCUMENTS} == {"cluster"}


def test_the_same_moment_gives_the_same_bytes(estate, uploads):
    assert list(estate.uploads(at=AT)) == uploads


def test_another_moment_changes_what_clusters_said_and_no_document(estate, uploads):
    later = list(estate.uploads(at=AT + timedelta(days=1)))
    pairs = list(zip(uploads, later, strict=True))

    assert all(before == after for before, after in pairs if before.phase == DOCUMENTS)
    assert all(before.body != after.body for before, after in pairs if before.phase != DOCUMENTS)


def test_no_rollout_lies_in_the_future_of_its_clusters_last_report(estate):
    silent = {cluster.name: cluster.silent_for for cluster in estate.clusters}

    assert all(run.opened_at < AT - silent[run.cluster] for run in estate.runs(at=AT))


def test_the_runs_of_one_container_follow_one_another(estate):
    runs = [run for run in estate.runs(at=AT) if (run.cluster, run.service) == ("prod-eu", "webhook-relay")]

    assert [run.image.rpartition(":")[2] for run in runs] == ["2.4.0", "2.5.0"]
    assert runs[0].ended_at == runs[1].opened_at
    assert runs[1].ended_at is None


def test_one_container_is_known_by_its_tag_alone(uploads):
    records = snapshot_of(uploads, "prod-eu")["records"]

    assert [record["workload"] for record in records if "digest" not in record] == ["CronJob/legacy-report"]


def test_one_running_digest_has_no_sbom(estate, uploads):
    described = {
        image["manifest"] for v in json.loads((FOLDER / "images.json").read_text()).values() for image in v.values()
    }
    bridge = next(
        r for r in snapshot_of(uploads, "prod-eu")["records"] if r["workload"].endswith("label-printer-bridge")
    )

    assert bridge["digest"] not in described


def test_one_cluster_has_been_silent_for_two_days(uploads):
    assert snapshot_of(uploads, "staging-eu")["observed_at"] == "2026-11-21T12:00:00Z"


def test_pods_of_an_index_tell_their_architecture_but_for_one(uploads):
    records = snapshot_of(uploads, "prod-eu")["records"]
    images = json.loads((FOLDER / "images.json").read_text())
    indexes = {image["index"] for versions in images.values() for image in versions.values() if "index" in image}
    of_index = [record for record in records if record.get("digest") in indexes]

    assert len(of_index) >= 3
    assert [r["workload"] for r in of_index if "node_arch" not in r] == ["Deployment/returns-portal"]


def test_part_of_one_cluster_is_reported_as_kubectl_prints_it(uploads):
    upload = next(u for u in uploads if u.label == "pods of prod-us")
    document = read_document(upload.body, limits=Limits(), kind=None)

    assert isinstance(document, RuntimeRecord)
    assert document.warnings == []
    assert ("Deployment", "webhook-relay") in {(run.workload_kind, run.workload_name) for run in document.runs}
    assert ("CronJob", "backup-runner") in {(run.workload_kind, run.workload_name) for run in document.runs}
    assert upload.path.count("namespaces=") == 5


def test_the_two_reports_of_that_cluster_cover_different_namespaces(uploads):
    records = snapshot_of(uploads, "prod-us")
    listed = next(json.loads(u.body) for u in uploads if u.label == "pods of prod-us")
    of_pods = {item["metadata"]["namespace"] for item in listed["items"]}

    assert of_pods == {"backup", "edge", "integrations", "observability", "scheduling"}
    assert set(records["namespaces"]) == {record["namespace"] for record in records["records"]}
    assert not of_pods & set(records["namespaces"])


def test_images_that_were_loaded_and_not_pulled_are_reported_by_their_config(uploads):
    images = json.loads((FOLDER / "images.json").read_text())
    relays = pods_of(uploads, "webhook-relay")
    login = next(r for r in snapshot_of(uploads, "prod-us")["records"] if r["workload"] == "Deployment/login")

    assert login["digest"] == images["login"]["8.1.0"]["config"]
    assert {pod["status"]["containerStatuses"][0]["imageID"] for pod in relays} == {
        images["webhook-relay"]["2.6.0"]["config"]
    }


def test_pods_that_are_gone_are_told_by_records_that_end(uploads):
    rollouts = next(u for u in uploads if u.phase == ROLLOUTS and u.sender == "cluster:prod-us")
    relay = [r for r in json.loads(rollouts.body) if r["workload"] == "Deployment/webhook-relay"]

    assert [(r["image"].rpartition(":")[2], r.get("status", "running")) for r in relay] == [
        ("2.4.0", "running"), ("2.4.0", "ended"), ("2.5.0", "running"), ("2.5.0", "ended"),
    ]  # fmt: skip


def test_the_state_is_kept_for_its_owner_alone(tmp_path):
    state = DemoState(at=AT, keys={"payments": "sc_x"}, sign_ins=(SignIn("nadia", "secret", "responder"),))

    write_state(tmp_path, state.loaded())

    assert read_state(tmp_path) == state.loaded()
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_without_an_earlier_load_there_is_no_state(tmp_path):
    assert read_state(tmp_path) is None
