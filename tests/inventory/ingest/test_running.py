"""The projection of what runs equals a full recount, whatever arrived in which order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inventory.ingest.running import find_differences
from inventory.models import Running
from tests.factories import (
    apply_waiting,
    cyclonedx,
    deployment,
    digest,
    digest_of,
    image_index,
    image_manifest,
    later,
    store,
    submit,
)

pytestmark = pytest.mark.django_db

CONFIG = digest("config")
MANIFEST = image_manifest(CONFIG)
MEMBERS = (digest_of(MANIFEST), digest("arm"))
INDEX = image_index(*MEMBERS)
DIGESTS = (digest_of(INDEX), *MEMBERS, CONFIG, digest("other"))

Deed = Callable[[int], None]


def sbom(team: str, subject: str) -> Deed:
    def deed(minute: int) -> None:
        store(team, cyclonedx("pkg:npm/left@1", subject=subject), at=later(minute), filename=str(minute))

    return deed


def image(team: str, data: bytes) -> Deed:
    def deed(minute: int) -> None:
        store(team, data, at=later(minute))

    return deed


def reported(team: str, subject: str, workload: str, *, ended: bool, architecture: str) -> Deed:
    def deed(minute: int) -> None:
        record = deployment(digest=subject, workload=workload, status="ended" if ended else "running")
        if architecture:
            record["node_arch"] = architecture
        store(team, json.dumps([record]).encode(), at=later(minute), is_observation=True)

    return deed


def listed(team: str, subjects: list[str]) -> Deed:
    def deed(minute: int) -> None:
        records = [deployment(digest=one, workload=f"Deployment/{n}") for n, one in enumerate(subjects)]
        body = json.dumps({"namespaces": ["*"], "records": records}).encode()
        store(team, body, at=later(minute), is_observation=True, declared_kind="snapshot", cluster="prod-eu",
              confirm_empty=True)  # fmt: skip

    return deed


teams, subjects = st.sampled_from(["a", "b"]), st.sampled_from(DIGESTS)
workloads = st.sampled_from([f"Deployment/{n}" for n in range(3)])
deeds = st.one_of(
    st.builds(sbom, teams, subjects),
    st.builds(image, teams, st.sampled_from([INDEX, MANIFEST])),
    st.builds(
        reported, teams, subjects, workloads, ended=st.booleans(), architecture=st.sampled_from(["", "amd64", "arm64"])
    ),
    st.builds(listed, st.just("a"), st.lists(subjects, max_size=3)),
)


@settings(max_examples=16, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    done=[
        reported("a", DIGESTS[0], "Deployment/0", ended=False, architecture=""),
        sbom("b", CONFIG),
        image("a", INDEX),
        image("b", MANIFEST),
    ]
)
@given(done=st.lists(deeds, min_size=2, max_size=10))
def test_the_projection_equals_a_recount_after_every_document(done: list[Deed]) -> None:
    with _undone():
        for minute, deed in enumerate(done):
            deed(minute)
            apply_waiting()

            assert find_differences() == []


def test_a_missing_and_a_surplus_join_are_named_and_repaired() -> None:
    submit("a", cyclonedx("pkg:npm/left@1", subject=DIGESTS[4]))
    for name in ("one", "two"):
        body = json.dumps([deployment(digest=DIGESTS[4], workload=f"Deployment/{name}")]).encode()
        submit("a", body, is_observation=True)
    first, second = Running.objects.order_by("id")
    first.delete()
    Running.objects.filter(pk=second.pk).update(certainty=1)

    found = find_differences()
    output = StringIO()

    assert [(one.is_missing, one.certainty) for one in found] == [(True, 0), (True, 0), (False, 1)]
    with pytest.raises(CommandError, match="3 joins differ"):
        call_command("verify_running", stdout=output)
    assert output.getvalue().count("missing") == 2
    call_command("verify_running", "--repair", stdout=output)
    call_command("verify_running", stdout=output)
    assert "exactly as a recount" in output.getvalue()
    assert find_differences() == []


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    assert connection.in_atomic_block
