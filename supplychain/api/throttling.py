"""How fast one key may upload. The counters live in the process: they cost no query, and a restart forgives."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from supplychain.access.actors import actor_of

BURST_SECONDS = 10
_MAX_BUCKETS = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class TokenBuckets:
    """Token buckets by name: `rate_per_minute` in the long run, at most ten seconds' worth at once. Thread-safe."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, name: str, *, rate_per_minute: float, at: float) -> float:
        """Take one token and return 0, or return the seconds until there is one. `at` is a monotonic time."""
        rate = rate_per_minute / 60
        capacity = max(1.0, rate * BURST_SECONDS)
        with self._lock:
            bucket = self._buckets.get(name)
            if bucket is None:
                self._forget_idle(at)
                bucket = self._buckets[name] = _Bucket(tokens=capacity, filled_at=at)
            bucket.tokens = min(capacity, bucket.tokens + (at - bucket.filled_at) * rate)
            bucket.filled_at = at
            if bucket.tokens < 1:
                return (1 - bucket.tokens) / rate
            bucket.tokens -= 1
            return 0.0

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._buckets.clear()

    def _forget_idle(self, at: float) -> None:
        """Drop buckets that have been full again for long, once there are many of them."""
        if len(self._buckets) >= _MAX_BUCKETS:
            self._buckets = {name: b for name, b in self._buckets.items() if at - b.filled_at < BURST_SECONDS}


UPLOADS = TokenBuckets()


class UploadThrottle(BaseThrottle):
    """UPLOADS_PER_MINUTE for each key (each user in the browser); above that 429 with Retry-After.

    Each of the WEB_WORKERS processes of each of the WEB_REPLICAS grants its share, so a client that keeps one
    connection is held to that share.
    """

    def __init__(self) -> None:
        self._wait = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  # REST framework's signature
        actor = actor_of(request)
        share = settings.UPLOADS_PER_MINUTE / (settings.WEB_WORKERS * settings.WEB_REPLICAS)
        self._wait = UPLOADS.take(actor.label, rate_per_minute=share, at=time.monotonic())
        return self._wait == 0

    def wait(self) -> float:
        return self._wait
