"""Paths of the incidents' pages."""

from django.urls import path

from incidents.views import home, impact, ops

urlpatterns = [
    path("", home.home, name="home"),
    path("ops", ops.operations, name="operations"),
    path("impact", impact.impact_page, name="impact"),
]
