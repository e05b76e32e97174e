"""Paths of the API that belong to the platform."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
