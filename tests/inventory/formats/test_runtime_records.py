"""What is read of deployment records, snapshots and pods."""

from datetime import UTC, datetime

import pytest

from inventory.formats.deployments import is_self_dated
from inventory.formats.records import ArtifactKind, ContainerClass, FormatError
from tests.inventory.formats.documents import encode, pod, status
from tests.inventory.formats.fixtures import read_runtime, runtime

DIGEST = "sha256:" + "a" * 64
RECORD = {"cluster": "prod", "namespace": "shop", "workload": "Deployment/api", "container": "main", "digest": DIGEST}


def by_container(record):
    return {run.container: run for run in record.runs}


def test_a_single_record_is_read() -> None:
    record = read_runtime(encode(RECORD))

    run = record.runs[0]
    assert (run.cluster, run.namespace, run.workload_kind, run.workload_name) == ("prod", "shop", "Deployment", "api")
    assert (str(run.digest), run.digest_kind, run.ended) == (DIGEST, ArtifactKind.UNKNOWN, False)
    assert record.namespaces is None


def test_a_snapshot_says_what_it_covers_and_when() -> None:
    record = runtime("deployments/snapshot.json")

    assert record.observed_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert record.namespaces == ("shop", "web")
    run = record.runs[0]
    assert (run.pod, run.environment, run.service, run.team, run.node_architecture) == (
        "api-1",
        "production",
        "shop",
        "shop",
        "amd64",
    )
    assert (run.tags, run.runtime_risks) == ((("tier", "1"),), ("internet-exposed",))


def test_a_star_covers_the_whole_cluster() -> None:
    record = read_runtime(encode({"namespaces": ["a", "*"], "records": []}))

    assert (record.namespaces, record.record_count) == (("*",), 0)


def test_githubs_record_is_read_as_it_is() -> None:
    run = runtime("deployments/github-record.json").runs[0]

    assert (run.namespace, run.workload_name, run.container, run.cluster) == ("shop", "api", "main", "prod-eu")
    assert (run.image, str(run.digest), run.environment) == ("registry.example/shop/api:1.0", DIGEST, "production")
    assert (run.tags, run.runtime_risks, run.ended) == ((("team", "shop"),), ("internet-exposed",), False)


def test_githubs_cluster_list_shares_its_environment() -> None:
    record = runtime("deployments/github-cluster.json")

    assert [(run.workload_name, run.environment, run.ended) for run in record.runs] == [
        ("api", "production", False),
        ("old", "production", True),
    ]
    assert [(warning.code, warning.pointer) for warning in record.warnings] == [("bad_digest", "/deployments/2/digest")]
    assert (record.record_count, record.rejected_count) == (3, 1)


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"namespace": None}, "missing_field", "/0/namespace"),
        ({"container": ""}, "missing_field", "/0/container"),
        ({"workload": None}, "missing_field", "/0/workload"),
        ({"workload": {"kind": "Deployment"}}, "missing_field", "/0/workload/name"),
        ({"workload": "api"}, "bad_value", "/0/workload"),
        ({"digest": None}, "missing_field", "/0/digest"),
        ({"digest": "sha256:short"}, "bad_digest", "/0/digest"),
        ({"digest": True}, "wrong_type", "/0/digest"),
        ({"digest": None, "image": "two words"}, "bad_image", "/0/image"),
        ({"status": "asleep"}, "bad_value", "/0/status"),
        ({"container_class": "sidecar"}, "bad_value", "/0/container_class"),
        ({"namespace": "n" * 300}, "too_long", "/0/namespace"),
        ({"namespace": "a\0b"}, "nul_in_string", "/0/namespace"),
        ({"tags": [1]}, "wrong_type", "/0/tags"),
        ({"tags": {"a": 1}}, "wrong_type", "/0/tags"),
        ({"deployment_name": "only/two"}, "bad_value", "/0/deployment_name"),
    ],
)
def test_a_defect_refuses_its_record_and_no_other(change, code, pointer) -> None:
    record = read_runtime(encode([RECORD | change, RECORD]))

    assert [(warning.code, warning.pointer) for warning in record.warnings] == [(code, pointer)]
    assert (len(record.runs), record.rejected_count, record.record_count) == (1, 1, 2)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ([], "no_records", ""),
        ({"records": {}}, "wrong_shape", "/records"),
        ({"records": [], "namespaces": []}, "bad_namespaces", "/namespaces"),
        ({"records": [], "namespaces": "shop"}, "bad_namespaces", "/namespaces"),
        ({"records": [], "namespaces": ["a", 5]}, "bad_namespaces", "/namespaces"),
        ({"records": [], "namespaces": ["a\0"]}, "nul_in_string", "/namespaces/0"),
        ({"deployments": [], "logical_environment": "\ud800", "cluster": "c"}, "bad_string", "/logical_environment"),
        ({"records": [], "observed_at": "noon"}, "bad_timestamp", "/observed_at"),
        ("text", "wrong_shape", ""),
        ({"kind": "List", "apiVersion": "v1", "items": {}}, "wrong_shape", "/items"),
        ({"kind": "List", "apiVersion": "v1", "items": [{"kind": "Service"}]}, "no_pods", ""),
        ({"kind": "Deployment", "apiVersion": "apps/v1"}, "no_pods", ""),
    ],
)
def test_a_request_of_a_wrong_shape_is_refused(body, code, pointer) -> None:
    with pytest.raises(FormatError) as caught:
        read_runtime(encode(body))

    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_a_repeated_name_in_a_record_is_refused_with_its_place() -> None:
    with pytest.raises(FormatError) as caught:
        read_runtime(encode([RECORD]).replace(b'"cluster"', b'"namespace"'))

    assert (caught.value.code, caught.value.pointer) == ("duplicate_key", "/0/namespace")


def test_a_bad_time_is_absent_and_an_unknown_field_told() -> None:
    record = read_runtime(encode(RECORD | {"observed_at": "now", "colour": "red"}))

    assert record.runs[0].observed_at is None
    assert sorted(warning.code for warning in record.warnings) == ["bad_timestamp", "unknown_field"]


@pytest.mark.parametrize(
    ("body", "dated"),
    [
        (RECORD, False),
        (RECORD | {"observed_at": "2026-03-01T12:00:00Z"}, True),
        ([RECORD | {"observed_at": "2026-03-01T12:00:00Z"}, RECORD], False),
        ({"observed_at": "2026-03-01T12:00:00Z", "records": []}, True),
        ({"namespaces": ["*"], "records": []}, False),
        ([], False),
        ([5], False),
    ],
)
def test_a_report_dates_itself_when_it_or_each_record_says_when(body, dated) -> None:
    assert is_self_dated(encode(body)) is dated


def test_each_pod_is_led_back_to_its_workload() -> None:
    record = runtime("kubernetes/pod-list.json")

    owners = {run.container: (run.workload_kind, run.workload_name) for run in record.runs}
    assert owners == {
        "main": ("Deployment", "api"),
        "migrate": ("Deployment", "api"),
        "debug": ("Deployment", "api"),
        "model": ("Deployment", "api"),
        "report": ("CronJob", "report"),
        "once": ("Job", "once"),
        "db": ("StatefulSet", "db"),
        "agent": ("DaemonSet", "agent"),
        "etcd": ("Node", "node1"),
    }


def test_each_form_of_image_id_gives_its_digest_and_kind() -> None:
    runs = by_container(runtime("kubernetes/pod-list.json"))

    found = {name: (run.digest.value[0] if run.digest else None, run.digest_kind) for name, run in runs.items()}
    assert found["main"] == ("a", ArtifactKind.UNKNOWN)
    assert found["migrate"] == ("6", ArtifactKind.UNKNOWN)
    assert found["report"] == ("8", ArtifactKind.OCI_CONFIG)
    assert found["once"] == ("9", ArtifactKind.UNKNOWN)
    assert found["model"] == ("5", ArtifactKind.UNKNOWN)


def test_every_class_of_container_is_read() -> None:
    runs = by_container(runtime("kubernetes/pod-list.json"))

    classes = {name: runs[name].container_class for name in ("main", "migrate", "debug", "model")}
    assert classes == {
        "main": ContainerClass.CONTAINER,
        "migrate": ContainerClass.INIT,
        "debug": ContainerClass.EPHEMERAL,
        "model": ContainerClass.IMAGE_VOLUME,
    }


def test_times_and_endings_come_from_the_status() -> None:
    runs = by_container(runtime("kubernetes/pod-list.json"))

    assert runs["main"].started_at == datetime(2026, 3, 1, 10, 2, tzinfo=UTC)
    assert (runs["migrate"].ended, runs["migrate"].ended_at) == (True, datetime(2026, 3, 1, 10, 1, 30, tzinfo=UTC))
    assert (runs["db"].ended, runs["db"].started_at) == (False, datetime(2026, 3, 1, 9, tzinfo=UTC))


def test_a_container_that_never_started_is_no_run() -> None:
    record = runtime("kubernetes/pod-list.json")

    assert [(warning.code, warning.pointer) for warning in record.warnings] == [
        ("not_started", "/items/6/spec/containers/0"),
        ("not_started", "/items/6/spec/containers/1"),
    ]


def test_labels_and_node_give_service_and_architecture() -> None:
    runs = by_container(runtime("kubernetes/pod-list.json"))

    assert (runs["main"].service, runs["main"].node_architecture, runs["main"].pod) == (
        "shop",
        "arm64",
        "api-7d4b9c6f5d-x2x9z",
    )
    assert runs["report"].service == "report"


@pytest.mark.parametrize("metadata", [{"continue": "abc"}, {"remainingItemCount": 5}])
def test_a_page_of_a_list_is_partial(metadata) -> None:
    body = {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": [pod()]}

    assert read_runtime(encode(body)).partial


def test_items_of_a_pod_list_need_no_kind() -> None:
    item = {name: value for name, value in pod().items() if name not in {"kind", "apiVersion"}}

    record = read_runtime(encode({"kind": "PodList", "apiVersion": "v1", "items": [item]}))

    assert (len(record.runs), record.partial) == (1, False)


def test_other_objects_of_a_list_are_passed_over_and_bad_pods_refused() -> None:
    body = {
        "kind": "List",
        "apiVersion": "v1",
        "items": [{"kind": "Service"}, pod(), 7, {"kind": "Pod", "metadata": {}}],
    }

    record = read_runtime(encode(body))

    assert [warning.code for warning in record.warnings] == ["not_a_pod", "wrong_shape", "missing_field"]
    assert (len(record.runs), record.rejected_count, record.record_count) == (1, 2, 3)


@pytest.mark.parametrize(
    ("owner", "labels", "workload"),
    [
        ({"kind": "ReplicaSet", "name": "api-5d9c7b8f6d"}, {}, ("Deployment", "api")),
        ({"kind": "ReplicaSet", "name": "plain"}, {}, ("ReplicaSet", "plain")),
        ({"kind": "ReplicaSet", "name": "web-abc"}, {"rollouts-pod-template-hash": "abc"}, ("Rollout", "web")),
        ({"kind": "Job", "name": "nightly-28467360"}, {}, ("CronJob", "nightly")),
        ({"kind": "Job", "name": "import-2024"}, {}, ("Job", "import-2024")),
        ({"kind": "Workflow", "name": "w"}, {}, ("Workflow", "w")),
    ],
)
def test_owners_above_the_controller_are_found_by_their_naming(owner, labels, workload) -> None:
    metadata = {"name": "p", "namespace": "n", "labels": labels, "ownerReferences": [owner | {"controller": True}]}

    run = read_runtime(encode(pod(metadata=metadata))).runs[0]

    assert (run.workload_kind, run.workload_name) == workload


def test_a_mirror_pod_without_owner_belongs_to_its_node() -> None:
    metadata = {"name": "p", "namespace": "n", "annotations": {"kubernetes.io/config.mirror": "x"}}
    spec = {"nodeName": "node-7", "containers": [{"name": "main", "image": "a"}]}

    run = read_runtime(encode(pod(metadata=metadata, spec=spec))).runs[0]

    assert (run.workload_kind, run.workload_name) == ("Node", "node-7")


def test_a_running_container_without_image_id_has_no_digest() -> None:
    run = read_runtime(encode(pod(status=status(image_id="")))).runs[0]

    assert (run.digest, run.image) == (None, "registry.example/shop/api:1.0")
