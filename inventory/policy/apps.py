"""The Django app `policy`."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "inventory.policy"
    label = "policy"
    verbose_name = "Policy"
