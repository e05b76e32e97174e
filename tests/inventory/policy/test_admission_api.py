"""Admission over HTTP: one decision behind three envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.policy import learning
from inventory.policy.blocks import add_block
from inventory.policy.models import BlockKind, Decision
from supplychain.access.actors import system_actor
from supplychain.access.keys import revoke_key
from supplychain.access.models import ApiKey
from supplychain.database import urgent
from tests.budgets.counting import counted_waits
from tests.factories import cyclonedx, digest, registry_event, submit
from tests.supplychain.actors import AT, client_of, new_key

pytestmark = pytest.mark.django_db

PATH = "/api/v1/admission/kubernetes"
PROVIDER = "externaldata.gatekeeper.sh/v1beta1"
SHOP, BAD = digest("shop"), digest("bad")


@pytest.fixture
def cluster():
    """The key of a cluster's gate."""
    submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=SHOP))
    return client_of(new_key("admission:review", clusters=("eu",)))


@pytest.fixture
def blocked(rita):
    add_block(BlockKind.ARTIFACT, {"digest": BAD}, reason="INC-1: stolen token", incident=None, actor=rita, at=AT)


def body(*images: str, **request: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": str(number), "image": image} for number, image in enumerate(images)]}
    found = {"metadata": {"name": "api", "labels": {"app.kubernetes.io/name": "checkout"}}, "spec": spec}
    asked = {"uid": "uid-1", "kind": {"kind": "Pod"}, "namespace": "shop", "operation": "CREATE", "object": found}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked | request}


def review(client, *images: str, **request: Any) -> dict[str, Any]:
    answer = client.post(PATH, body(*images, **request), content_type="application/json")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["apiVersion"], told["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    assert told["response"]["uid"] == "uid-1"
    response: dict[str, Any] = told["response"]
    return response


def image(name: str) -> str:
    return f"registry.example/team/app@{name}"


def test_what_is_known_and_not_blocked_is_let_in(cluster):
    assert review(cluster, image(SHOP)) == {
        "uid": "uid-1",
        "allowed": True,
        "auditAnnotations": {"decisions": str(Decision.objects.get().public_id)},
    }
    decision = Decision.objects.get()
    assert (decision.gate, decision.cluster, decision.namespace, decision.service, decision.workload) == (
        "kubernetes",
        "eu",
        "shop",
        "checkout",
        "Pod/api",
    )


def test_one_blocked_image_refuses_the_pod(cluster, blocked):
    told = review(cluster, image(SHOP), image(BAD))

    assert told["allowed"] is False
    assert "INC-1: stolen token" in told["status"]["message"]
    refused = Decision.objects.get(allowed=False)
    assert f"/decisions/{refused.public_id}" in told["status"]["message"]
    assert Decision.objects.count() == 2


def test_a_tag_is_looked_up_where_it_was_last_pushed_and_warned_of(cluster, blocked):
    submit("payments", registry_event(BAD, repository="shop/api", tag="1.0"))
    tagged = "registry.example/shop/api:1.0"

    assert review(cluster, tagged)["allowed"] is False

    submit("payments", registry_event(SHOP, repository="shop/api", tag="1.0", told_at="2026-03-01T11:30:00Z"))
    told = review(cluster, tagged)
    assert told["allowed"] is True
    assert any(line.startswith("tag_only") for line in told["warnings"])


def test_what_cannot_be_judged_is_refused_once_the_gate_enforces(cluster, settings):
    for images in (["nginx"], [image(digest("nobody"))], ["a b"]):
        told = review(cluster, *images)
        assert (told["allowed"], bool(told["warnings"])) == (True, True)
        assert all(len(line) <= 120 for line in told["warnings"])
    unknown_kind = {"kind": {"kind": "Widget"}, "object": {"spec": {}}}
    assert review(cluster, **unknown_kind)["allowed"] is True

    settings.GATE_MODE = "enforce"

    for images in (["nginx"], [image(digest("nobody"))], ["a b"]):
        assert review(cluster, *images)["allowed"] is False
    assert review(cluster, **unknown_kind)["allowed"] is False
    assert review(cluster, image(SHOP))["allowed"] is True


def test_kyverno_cve_2022_47633_a_digest_is_judged_whatever_its_tag_points_to(cluster, blocked):
    submit("payments", registry_event(SHOP, repository="shop/api", tag="1.0"))

    assert review(cluster, f"registry.example/shop/api:1.0@{BAD}")["allowed"] is False
    assert review(cluster, f"registry.example/shop/api:1.0@{SHOP}")["allowed"] is True


def test_kyverno_cve_2023_34091_what_is_marked_as_going_is_judged_all_the_same(cluster, blocked):
    found = body(image(BAD))["request"]["object"]
    found["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x"]}

    assert review(cluster, object=found)["allowed"] is False


@pytest.mark.parametrize("part", ["FoundHits", "read_facts"])
def test_kyverno_0b4d37bd87_and_cve_2025_46342_a_fault_within_is_no_pass(cluster, monkeypatch, part):
    def fails(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("a fault within")

    monkeypatch.setattr(learning, part, fails)
    cluster.raise_request_exception = False
    answer = cluster.post(PATH, body(image(SHOP)), content_type="application/json")

    assert answer.status_code == 500
    assert b"allowed" not in answer.content
    assert not Decision.objects.exists()


@pytest.fixture
def database_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process know that the database is away, as it does once somebody looked for it in vain."""
    monkeypatch.setattr(urgent._of_process, "_is_away", True)


@pytest.mark.parametrize("gate", ["kubernetes", "gatekeeper", "kyverno"])
def test_while_the_database_is_away_every_gate_refuses_at_once_and_asks_it_nothing(
    cluster, database_away, django_assert_num_queries, gate
):
    with django_assert_num_queries(0):
        answer = cluster.post(f"/api/v1/admission/{gate}", body(image(SHOP)), content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert "allowed" not in answer.json()


def test_a_pipeline_is_refused_at_once_too(cluster, database_away, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = cluster.get(f"/api/v1/artifacts/{SHOP}/decision")

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")


def test_the_short_cut_tells_browsers_what_every_other_answer_does(cluster, blocked):
    short = cluster.post(PATH, body(image(SHOP)), content_type="application/json")
    long = client_of(new_key("policy:read")).get("/api/v1/decisions")

    own = {"Allow", "Content-Length", "Vary", "X-Request-Id"}
    assert {name: short[name] for name in short.headers if name not in own} == {
        name: long[name] for name in long.headers if name not in own
    }
    assert short.headers.keys() >= {"X-Frame-Options", "Content-Security-Policy", "Cache-Control", "X-Request-Id"}


@pytest.mark.parametrize("key", ["", "Bearer sc_nobody", "Bearer", "Bearersc_nobody", "Basic eA=="])
def test_who_shows_no_key_of_ours_is_told_how_to(client, key):
    answer = client.post(PATH, body(image(SHOP)), content_type="application/json", headers={"authorization": key})

    assert (answer.status_code, answer["WWW-Authenticate"].split()[0]) == (401, "Bearer")


def test_a_dry_run_is_judged_and_leaves_nothing(cluster, blocked):
    told = review(cluster, image(BAD), dryRun=True)

    assert told["allowed"] is False
    assert "auditAnnotations" not in told
    assert not Decision.objects.exists()


def test_what_cannot_be_read_is_refused_with_its_uid(cluster):
    for request in ({"object": None}, {"object": {"spec": {"containers": "x"}}}, {"namespace": 1}):
        told = review(cluster, **request)
        assert (told["allowed"], told["status"]["code"]) == (False, 400)
        assert told["status"]["message"].startswith("bad_object")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"{}", 400, "bad_review"),
        (b"[]", 400, "bad_review"),
        (b"{", 400, "bad_json"),
        (b'{"request": {"uid": "a", "uid": "b"}}', 400, "bad_json"),
        (b'{"request": {"uid": NaN}}', 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b'{"a": "' + b"x" * (3 * 1024 * 1024) + b'"}', 413, "too_large"),
    ],
)
def test_hostile_bodies_are_refused_with_a_code(cluster, sent, status, code):
    answer = cluster.post(PATH, sent, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Decision.objects.exists()


def test_a_gate_needs_a_key_of_its_clusters():
    for key, query, code in (
        (new_key("admission:review"), "", "cluster_needed"),
        (new_key("admission:review", clusters=("eu", "us")), "", "cluster_needed"),
        (new_key("admission:review", clusters=("eu",)), "?cluster=us", "outside_binding"),
        (new_key("policy:read", clusters=("eu",)), "", "missing_scope"),
    ):
        answer = client_of(key).post(f"{PATH}{query}", body(image(SHOP)), content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    several = client_of(new_key("admission:review", clusters=("eu", "us")))
    assert several.post(f"{PATH}?cluster=us", body(image(SHOP)), content_type="application/json").status_code == 200


def test_a_review_costs_four_statements_with_the_key_however_many_images(cluster, blocked, django_assert_num_queries):
    names = [digest(str(number)) for number in range(30)]
    for name in names:
        submit("payments", cyclonedx("pkg:npm/lodash@4.17.20", subject=name, name=name))
    review(cluster, image(SHOP))  # the key's use is noted once a minute

    for count in (1, 30):
        with django_assert_num_queries(4):
            review(cluster, *map(image, names[:count]))


def test_images_without_evidence_cost_one_statement_more(cluster, blocked, django_assert_num_queries):
    review(cluster, image(SHOP))

    with django_assert_num_queries(5):
        review(cluster, *[image(digest(str(number))) for number in range(30)])


@pytest.mark.django_db(databases=["default", "interning"])
def test_a_key_that_was_known_a_moment_ago_is_read_beside_the_question(cluster, django_assert_num_queries):
    for _ in range(2):  # the key's use is noted once a minute
        review(cluster, image(SHOP))

    with counted_waits() as waits:
        review(cluster, image(SHOP))

    assert waits.count <= 2
    assert Decision.objects.count() == 3


@pytest.mark.parametrize("sent", [image(SHOP), "not an image", None])
def test_a_key_that_was_revoked_is_refused_by_the_next_request_whatever_that_holds(sent):
    key = new_key("admission:review", clusters=("eu",))
    client = client_of(key)
    for _ in range(3):
        assert client.post(PATH, body(image(SHOP)), content_type="application/json").status_code == 200
    revoke_key(key.row, actor=system_actor("test"), at=AT)
    kept = Decision.objects.count()

    answer = client.post(PATH, {} if sent is None else body(sent), content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
    assert Decision.objects.count() == kept


def test_a_key_that_lost_its_cluster_is_refused_by_the_next_request():
    key = new_key("admission:review", clusters=("eu",))
    client = client_of(key)
    for _ in range(3):
        client.post(PATH, body(image(SHOP)), content_type="application/json")
    ApiKey.objects.filter(pk=key.row.pk).update(clusters=["us", "asia"])

    answer = client.post(PATH, body(image(SHOP)), content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, "cluster_needed")
    assert Decision.objects.count() == 3


def test_gatekeeper_gets_a_verdict_for_each_key(cluster, blocked):
    asked = {
        "apiVersion": PROVIDER,
        "kind": "ProviderRequest",
        "request": {"keys": [image(SHOP), image(BAD)]},
    }

    answer = cluster.post("/api/v1/admission/gatekeeper", asked, content_type="application/json").json()

    assert (answer["apiVersion"], answer["kind"]) == (PROVIDER, "ProviderResponse")
    assert [(one["key"], one["value"]["allowed"]) for one in answer["response"]["items"]] == [
        (image(SHOP), True),
        (image(BAD), False),
    ]
    assert answer["response"]["systemError"] == ""


def test_kyverno_gets_plain_json(cluster, blocked):
    asked = {"images": [image(SHOP), image(BAD)], "namespace": "shop"}

    answer = cluster.post("/api/v1/admission/kyverno", asked, content_type="application/json").json()

    assert answer["allowed"] is False
    assert "stolen token" in answer["message"]
    assert [one["result"] for one in answer["images"]] == ["pass", "fail"]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("gatekeeper", {}),
        ("gatekeeper", []),
        (
            "gatekeeper",
            {"apiVersion": PROVIDER, "kind": "ProviderRequest", "request": {"keys": "x"}},
        ),
        ("gatekeeper", {"apiVersion": 1, "kind": "ProviderRequest", "request": {"keys": []}}),
        ("kyverno", {}),
        ("kyverno", {"images": ["x"] * 501}),
        ("kyverno", {"images": ["x"], "more": 1}),
    ],
)
def test_other_envelopes_are_as_strict(cluster, path, sent):
    answer = cluster.post(f"/api/v1/admission/{path}", sent, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
