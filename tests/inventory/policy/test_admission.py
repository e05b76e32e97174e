"""What an AdmissionReview would start, read from the object alone."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.policy.admission import BadReviewError, UnreadableReviewError, read_review, read_uid
from tests.factories import digest

IMAGE = f"registry.example/shop@{digest('shop')}"


def review(spec: object, *, kind: str = "Pod", operation: str = "CREATE", **more: Any) -> dict[str, Any]:
    metadata = {"name": "api", "labels": {"app.kubernetes.io/name": "checkout"}}
    found = {"metadata": metadata, "spec": spec}
    request = {"uid": "u-1", "kind": {"kind": kind}, "namespace": "shop", "operation": operation, "object": found}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request | more}


def images(body: dict[str, Any]) -> list[str]:
    return [subject.image for subject in read_review(body).subjects]


def test_every_place_that_can_start_an_image_is_read():
    spec = {
        "initContainers": [{"image": "init:1"}],
        "containers": [{"image": IMAGE}, {"image": "side:1"}],
        "ephemeralContainers": [{"image": "debug:1"}],
        "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "image": {"reference": "data:1"}}],
    }

    assert images(review(spec)) == ["init:1", IMAGE, "side:1", "debug:1", "data:1"]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Rollout"])
def test_a_template_is_read_like_a_pod(kind):
    body = review(
        {
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/part-of": "shop"}},
                "spec": {"containers": [{"image": IMAGE}]},
            }
        },
        kind=kind,
    )

    found = read_review(body)

    assert [subject.digest for subject in found.subjects] == [digest("shop")]
    assert (found.workload, found.service, found.namespace) == (f"{kind}/api", "shop", "shop")


def test_a_cron_job_and_a_pod_template_hold_it_elsewhere():
    template = {"spec": {"containers": [{"image": IMAGE}]}}
    cron = review({"jobTemplate": {"spec": {"template": template}}}, kind="CronJob")
    pod_template = review(None, kind="PodTemplate")
    pod_template["request"]["object"]["template"] = template

    assert images(cron) == images(pod_template) == [IMAGE]


def test_a_pod_belongs_to_what_controls_it():
    body = review({"containers": [{"image": IMAGE}]})
    body["request"]["object"]["metadata"]["ownerReferences"] = [
        {"kind": "ReplicaSet", "name": "api-6d4cf56db6", "controller": True}
    ]

    assert read_review(body).workload == "Deployment/api"


def test_an_update_is_judged_by_what_it_adds():
    old = {"metadata": {}, "spec": {"containers": [{"image": "old:1"}]}}
    body = review({"containers": [{"image": "old:1"}, {"image": "new:1"}]}, operation="UPDATE", oldObject=old)

    assert images(body) == ["new:1"]
    assert images(review(old["spec"], operation="UPDATE", oldObject=old)) == []


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("DELETE", "Pod"), ("CONNECT", "PodExecOptions"), ("UPDATE", "Scale"), ("CREATE", "Eviction")],
)
def test_what_starts_no_image_asks_nothing(operation, kind):
    assert images(review(None, operation=operation, kind=kind, object=None)) == []


def test_a_kind_that_nobody_knows_is_named():
    assert read_review(review({"anything": 1}, kind="Widget")).unknown_kind == "Widget"


def test_an_image_is_read_as_a_runtime_would():
    spec = {
        "containers": [{"image": name} for name in ("nginx", f"r.example/x:1@{digest('x')}", "UPPER/case:1", "a b", "")]
    }

    found = [(one.digest, one.name, one.tag, bool(one.problem)) for one in read_review(review(spec)).subjects]

    assert found == [
        ("", "docker.io/library/nginx", "latest", False),
        (digest("x"), "r.example/x", "1", False),
        ("", "upper/case", "1", False),
        ("", "", "", True),
        ("", "", "", True),
    ]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"request": None},
        {"request": {}},
        {"request": {"uid": ""}},
        {"request": {"uid": 1}},
        {"request": {"uid": "x" * 300}},
        {"request": {"uid": "a\ud800"}},
    ],
)
def test_without_a_uid_there_is_no_answer(body):
    with pytest.raises(BadReviewError):
        read_uid(body)


@pytest.mark.parametrize(
    "spec",
    [
        None,
        [],
        "x",
        {"containers": {}},
        {"containers": ["x"]},
        {"containers": [{"image": 1}]},
        {"containers": [{"image": "a\nb"}]},
        {"containers": [{"image": "x" * 5_000}]},
        {"volumes": [{"image": "x"}]},
        {"containers": [{"image": f"a:{number}"} for number in range(501)]},
    ],
)
def test_what_cannot_be_read_is_not_let_through(spec):
    with pytest.raises(UnreadableReviewError):
        read_review(review(spec))


def test_another_version_is_not_guessed_at():
    with pytest.raises(UnreadableReviewError):
        read_review(review({}) | {"apiVersion": "admission.k8s.io/v1beta1"})
