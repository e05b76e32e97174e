"""The Django app `access`."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "supplychain.access"
    label = "access"
    verbose_name = "Access"
