"""What a Kubernetes workload declares is read from wherever its pod template stands, and is never taken for a run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, RuntimeRecord

PINNED = f"registry.example/api@sha256:{'a' * 64}"
POD_SPEC = {
    "containers": [{"name": "app", "image": PINNED}],
    "initContainers": [{"name": "migrate", "image": "registry.example/migrate:1"}],
}


def workload(kind: str, spec: dict[str, Any], *, name: str = "api") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **spec}


def read(body: object, **limits: int) -> RuntimeRecord:
    record = read_document(json.dumps(body).encode(), limits=Limits(**limits))
    assert isinstance(record, RuntimeRecord)
    return record


TEMPLATE = {"spec": {"template": {"spec": POD_SPEC}}}


@pytest.mark.parametrize(
    ("kind", "spec", "place"),
    [
        *((kind, TEMPLATE, "/spec/template/spec/containers/0")
          for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job",
                       "Rollout", "DeploymentConfig", "Service")),
        ("CronJob", {"spec": {"jobTemplate": TEMPLATE}}, "/spec/jobTemplate/spec/template/spec/containers/0"),
        ("PodTemplate", {"template": {"spec": POD_SPEC}}, "/template/spec/containers/0"),
    ],
)  # fmt: skip
def test_every_kind_of_workload_is_read_for_what_it_declares(kind: str, spec: dict[str, Any], place: str):
    record = read(workload(kind, spec))

    first, second = record.declared
    assert (first.pointer, first.workload_kind, first.workload_name, first.namespace) == (place, kind, "api", "shop")
    assert (first.container, first.image, str(first.digest)) == ("app", PINNED, f"sha256:{'a' * 64}")
    assert (second.container_class, second.digest) == ("init", None)


def test_what_is_declared_is_no_run_and_is_told_once():
    record = read(workload("Deployment", TEMPLATE))

    assert (record.runs, record.record_count) == ([], 0)
    assert [warning.code for warning in record.warnings] == ["declared_only"]
    assert record.warnings[0].message.startswith("Declared here: 2 images, by 1 workload. ")


def test_workloads_among_pods_are_declared_and_the_pods_run():
    pod = workload("Pod", {
        "spec": {"containers": [{"name": "app", "image": "x:1"}]},
        "status": {"containerStatuses": [{"name": "app", "imageID": PINNED, "state": {"running": {}}}]},
    })  # fmt: skip
    body = {"apiVersion": "v1", "kind": "List", "items": [pod, workload("Deployment", TEMPLATE), {"kind": "Secret"}]}

    record = read(body)

    assert (len(record.runs), len(record.declared), record.record_count) == (1, 2, 1)
    assert {warning.code for warning in record.warnings} == {"declared_only", "not_a_pod"}


def test_a_typed_list_names_the_kind_of_its_items():
    item = {"metadata": {"name": "api"}, **TEMPLATE}

    record = read({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [item]})

    assert {one.workload_kind for one in record.declared} == {"Deployment"}
    assert record.declared[0].namespace == ""


@pytest.mark.parametrize("kind", ["Service", "ConfigMap", "Node", "AdmissionReview"])
def test_an_object_without_containers_is_refused_with_what_to_send(kind: str):
    with pytest.raises(FormatError, match="kubectl get pods") as caught:
        read(workload(kind, {"spec": {}}))

    assert caught.value.code == "no_pods"


@pytest.mark.parametrize(
    "data",
    [
        b"apiVersion: apps/v1\nkind: Deployment\n",
        json.dumps({"object": {}, "operation": "CREATE", "requestKind": {}}).encode(),
    ],
)
def test_manifests_and_admission_requests_are_refused_with_what_to_send(data: bytes):
    with pytest.raises(FormatError, match="kubectl get pods") as caught:
        read_document(data)

    assert caught.value.code == "unsupported_format"


@pytest.mark.parametrize(
    ("containers", "codes"),
    [
        ([{"name": "a"}], ["missing_field"]),
        ([7, {"image": ""}, {"image": "x" * 3000}], ["missing_field"] * 3),
        ([], []),
    ],
)
def test_a_container_without_an_image_is_told(containers: list[Any], codes: list[str]):
    record = read(workload("Deployment", {"spec": {"template": {"spec": {"containers": containers}}}}))

    assert [warning.code for warning in record.warnings] == codes
    assert record.declared == []


def test_a_workload_without_a_name_is_refused_and_the_others_are_read():
    nameless = {"kind": "Deployment", "metadata": {}, **TEMPLATE}

    record = read({"apiVersion": "v1", "kind": "List", "items": [nameless, workload("Job", TEMPLATE)]})

    assert [warning.code for warning in record.warnings] == ["missing_field", "declared_only"]
    assert (len(record.declared), record.rejected_count) == (2, 0)


def test_too_many_declared_images_are_refused():
    with pytest.raises(FormatError) as caught:
        read(workload("Deployment", TEMPLATE), components=1)

    assert caught.value.code == "too_many_records"
