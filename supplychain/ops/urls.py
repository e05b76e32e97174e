"""Paths of operations."""

from django.urls import path

from supplychain.ops.health import healthz, readyz
from supplychain.ops.metrics import MetricsView

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", MetricsView.as_view(), name="metrics"),
]
