"""Paths of the incidents."""

from django.urls import URLPattern, URLResolver, path

from incidents.api import impact

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/impact", impact.ImpactView.as_view(), name="api-impact"),
]
