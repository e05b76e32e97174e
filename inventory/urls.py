"""Paths of the inventory: what exists and how we know."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
