"""What other runtimes list becomes our records, which our own reader takes without a complaint, and says no more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.formats.convert import CONVERTERS, convert
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError, RuntimeRecord

CONFIG, MANIFEST = f"sha256:{'c' * 64}", f"sha256:{'d' * 64}"
COMPOSED = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
INSPECTED: dict[str, Any] = {
    "Id": "f" * 64, "Name": "/shop-web-1", "Image": CONFIG,
    "Config": {"Image": "nginx:1.27", "Labels": COMPOSED},
    "State": {"Status": "running", "StartedAt": "2026-11-26T10:00:00.5Z", "FinishedAt": "0001-01-01T00:00:00Z"},
}  # fmt: skip
LISTED: dict[str, Any] = {"ID": "abc", "Names": "shop-web-1", "Image": "nginx:1.27", "State": "running",
          "Labels": "com.docker.compose.project=shop,com.docker.compose.service=web,other"}  # fmt: skip
COMPOSE = {"Name": "shop-web-1", "Project": "shop", "Service": "web", "Image": "nginx:1.27", "State": "running"}
ALLOCATION: dict[str, Any] = {
    "ID": "alloc-1", "Namespace": "prod", "JobID": "api", "TaskGroup": "web",
    "Job": {"TaskGroups": [
        {"Name": "web", "Tasks": [{"Name": "server", "Config": {"image": f"registry.example/api@{MANIFEST}"}},
                                  {"Name": "sidecar", "Config": {"image": "envoy:1"}}]},
        {"Name": "other", "Tasks": [{"Name": "x", "Config": {"image": "y"}}]}]},
    "TaskStates": {"server": {"State": "running", "StartedAt": "2026-11-26T10:00:00Z"},
                   "sidecar": {"State": "pending", "StartedAt": "0001-01-01T00:00:00Z"}},
}  # fmt: skip
TASKS = {"tasks": [{
    "taskArn": "arn:aws:ecs:eu-west-1:1:task/prod/0123", "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/prod",
    "group": "service:api", "lastStatus": "RUNNING", "startedAt": "2026-11-26T10:00:00.1+01:00",
    "containers": [{"name": "app", "image": "ecr.example/api:7", "imageDigest": MANIFEST, "lastStatus": "RUNNING"},
                   {"name": "late", "image": "x:1", "lastStatus": "PENDING"}]}], "failures": []}  # fmt: skip
EXAMPLES = {"docker-inspect": [INSPECTED], "docker-ps": LISTED, "compose-ps": COMPOSE, "nomad-allocations": ALLOCATION,
            "ecs-tasks": TASKS}  # fmt: skip


def records(source: str, value: object) -> list[dict[str, str]]:
    return convert(json.dumps(value).encode(), source=source, cluster="host-1").records


@pytest.mark.parametrize("source", CONVERTERS)
def test_our_reader_takes_every_converted_record_without_a_complaint(source: str):
    made = records(source, EXAMPLES[source])

    read = read_document(json.dumps(made).encode(), kind="deployment")

    assert isinstance(read, RuntimeRecord)
    assert (len(read.runs), read.warnings) == (len(made), [])
    assert {run.cluster for run in read.runs} == {"host-1"}


def test_docker_inspect_gives_the_image_id_as_digest():
    assert records("docker-inspect", [INSPECTED]) == [{
        "cluster": "host-1", "namespace": "shop", "workload": "ComposeService/web", "container": "shop-web-1",
        "service": "web", "image": "nginx:1.27", "digest": CONFIG, "status": "running",
        "started_at": "2026-11-26T10:00:00.5Z",
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("members", "digest"),
    [
        ({"ImageManifestDescriptor": {"digest": MANIFEST}}, MANIFEST),
        ({"ImageDigest": MANIFEST, "Image": "c" * 64}, MANIFEST),
        ({"Image": "c" * 64}, CONFIG),
    ],
    ids=["containerd store", "podman", "podman without digest"],
)
def test_the_manifest_counts_where_an_engine_names_it(members: dict[str, Any], digest: str):
    assert records("docker-inspect", {**INSPECTED, **members})[0]["digest"] == digest


def test_a_container_outside_of_compose_is_its_own_workload():
    made = records("docker-inspect", {**INSPECTED, "Config": {"Image": "nginx", "Labels": None}})[0]

    assert (made["namespace"], made["workload"]) == ("default", "Container/shop-web-1")


def test_a_stopped_container_has_ended_and_a_created_one_never_ran():
    stopped = {**INSPECTED, "State": {**INSPECTED["State"], "Status": "exited", "FinishedAt": "2026-11-26T11:00:00Z"}}
    created = {**INSPECTED, "State": {"Status": "created"}}

    [made] = records("docker-inspect", [stopped, created])

    assert (made["status"], made["ended_at"]) == ("ended", "2026-11-26T11:00:00Z")


@pytest.mark.parametrize("source", ["docker-ps", "compose-ps"])
def test_a_listing_without_digests_claims_none(source: str):
    found = convert(json.dumps(EXAMPLES[source]).encode(), source=source, cluster="c")

    assert "digest" not in found.records[0]
    assert found.with_digest_count == 0


def test_objects_may_come_one_a_line():
    lines = b"\n".join(json.dumps({**LISTED, "Names": name}).encode() for name in ("a", "b"))

    assert [one["container"] for one in convert(lines, source="docker-ps", cluster="c").records] == ["a", "b"]


def test_nomad_takes_the_started_tasks_of_the_allocations_group():
    [made] = records("nomad-allocations", ALLOCATION)

    assert (made["workload"], made["container"], made["pod"], made["namespace"]) == (
        "Job/api", "server", "alloc-1", "prod",
    )  # fmt: skip
    assert made["image"].endswith(MANIFEST)


def test_ecs_gives_the_digest_that_was_pulled():
    [made] = records("ecs-tasks", TASKS)

    assert (made["digest"], made["workload"], made["namespace"], made["pod"]) == (
        MANIFEST, "Service/api", "prod", "0123",
    )  # fmt: skip


@pytest.mark.parametrize("source", CONVERTERS)
@pytest.mark.parametrize(
    ("value", "code"), [([], "no_records"), ({}, "no_records"), ([7], "wrong_shape"), ("x", "wrong_shape")]
)
def test_what_is_no_listing_is_refused(source: str, value: object, code: str):
    with pytest.raises(FormatError) as caught:
        records(source, value)

    assert caught.value.code == code


def test_more_containers_than_the_limit_are_refused():
    data = json.dumps([LISTED] * 3).encode()

    with pytest.raises(FormatError, match="more than 2"):
        convert(data, source="docker-ps", cluster="c", limits=Limits(components=2))


_LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just(CONFIG), st.just("running"))
_NAMES = st.sampled_from(
    ["Name", "Names", "State", "Status", "Image", "Config", "Labels", "tasks", "containers", "name", "image", "Job",
     "TaskGroups", "Tasks", "TaskStates", "JobID", "StartedAt", "group", "imageDigest", "ImageManifestDescriptor"]
)  # fmt: skip
_VALUES = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=6), max_leaves=30
)


@given(value=_VALUES, source=st.sampled_from(sorted(CONVERTERS)))
def test_no_listing_raises_anything_else(value: object, source: str):
    try:
        made = convert(json.dumps(value).encode(), source=source, cluster="c").records
    except FormatError:
        return
    assert all(isinstance(text, str) for record in made for text in record.values())


@given(data=st.binary(max_size=60), source=st.sampled_from(sorted(CONVERTERS)))
def test_no_bytes_raise_anything_else(data: bytes, source: str):
    with pytest.raises(FormatError):
        convert(data, source=source, cluster="c")
