"""The Django app `ops`: no tables, only commands."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "supplychain.ops"
    label = "ops"
