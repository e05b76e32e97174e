"""Paths of the inventory: what exists and how we know."""

from django.urls import URLPattern, path

from inventory.api import evidence

urlpatterns: list[URLPattern] = [
    path("api/v1/evidence", evidence.EvidenceListView.as_view(), name="api-evidence-list"),
    path("api/v1/evidence/<uuid:public_id>", evidence.EvidenceView.as_view(), name="api-evidence"),
    path("api/v1/evidence/<uuid:public_id>/raw", evidence.EvidenceRawView.as_view(), name="api-evidence-raw"),
    path("api/v1/evidence/<uuid:public_id>/retry", evidence.EvidenceRetryView.as_view(), name="api-evidence-retry"),
]
