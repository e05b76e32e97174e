"""Paths of the incidents' pages."""

from django.urls import path

from incidents.views import home, impact

urlpatterns = [
    path("", home.home, name="home"),
    path("impact", impact.impact_page, name="impact"),
]
