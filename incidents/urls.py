"""Paths of the incidents."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
