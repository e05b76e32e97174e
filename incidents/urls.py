"""Paths of the incidents."""

from django.urls import URLPattern, URLResolver, include, path

from incidents.api import impact

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/impact", impact.ImpactView.as_view(), name="api-impact"),
    # The same answer as a file: a browser's link or form cannot ask for one by header.
    path("impact/csv", impact.ImpactFileView.as_view(), name="impact-csv"),
    path("", include("incidents.views.urls")),
]
