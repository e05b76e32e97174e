from typing import Any

import pytest
from django.conf import settings as global_settings
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from supplychain.access.actors import Actor
from supplychain.api.throttling import BURST_SECONDS, UPLOADS, TokenBuckets, UploadThrottle


def test_a_burst_passes_and_then_the_rate_holds():
    buckets = TokenBuckets()
    taken = [buckets.take("a", rate_per_minute=60, at=0.0) for _ in range(BURST_SECONDS + 1)]

    assert taken[:-1] == [0.0] * BURST_SECONDS
    assert taken[-1] == pytest.approx(1.0)
    assert buckets.take("a", rate_per_minute=60, at=1.0) == 0.0
    assert buckets.take("a", rate_per_minute=60, at=1.0) > 0


def test_ten_thousand_uploads_a_minute_by_one_key_are_too_many_by_default():
    buckets = TokenBuckets()

    refused = sum(
        buckets.take("a", rate_per_minute=global_settings.UPLOADS_PER_MINUTE, at=n * 60 / 10_000) > 0
        for n in range(10_000)
    )

    assert refused > 500


def test_one_key_does_not_use_up_anothers_share():
    buckets = TokenBuckets()
    while not buckets.take("a", rate_per_minute=60, at=0.0):
        pass

    assert buckets.take("b", rate_per_minute=60, at=0.0) == 0.0


def test_idle_keys_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("supplychain.api.throttling._MAX_BUCKETS", 3)
    buckets = TokenBuckets()
    for name in "abc":
        buckets.take(name, rate_per_minute=60, at=0.0)

    buckets.take("d", rate_per_minute=60, at=60.0)

    assert set(buckets._buckets) == {"d"}


def test_a_refused_upload_says_how_long_to_wait(settings: Any):
    settings.UPLOADS_PER_MINUTE, settings.WEB_WORKERS = 12, 2
    UPLOADS.clear()
    throttle, request = UploadThrottle(), APIView().initialize_request(APIRequestFactory().post("/"))
    request.user = Actor(team_ids=frozenset({1}), label="key:abcdefgh", kind="key")  # type: ignore[assignment]

    assert throttle.allow_request(request, APIView())
    assert not throttle.allow_request(request, APIView())
    assert throttle.wait() == pytest.approx(10, abs=0.5)
    UPLOADS.clear()


@pytest.mark.parametrize(("workers", "replicas"), [(1, 1), (2, 1), (2, 3)])
def test_the_shares_of_all_processes_of_all_replicas_come_to_the_limit(settings: Any, workers: int, replicas: int):
    settings.UPLOADS_PER_MINUTE, settings.WEB_WORKERS, settings.WEB_REPLICAS = 360, workers, replicas
    request = APIView().initialize_request(APIRequestFactory().post("/"))
    request.user = Actor(team_ids=frozenset({1}), label="key:abcdefgh", kind="key")  # type: ignore[assignment]
    granted = 0
    for _ in range(workers * replicas):  # what each of them grants at once: ten seconds' worth of its share
        UPLOADS.clear()
        while UploadThrottle().allow_request(request, APIView()):
            granted += 1
    UPLOADS.clear()

    assert granted == 360 / 60 * 10
