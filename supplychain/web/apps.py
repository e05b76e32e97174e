"""The Django app `web`: no tables, only template tags."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "supplychain.web"
    label = "web"
