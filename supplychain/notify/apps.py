"""The Django app `notify`."""

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "supplychain.notify"
    label = "notify"
    verbose_name = "Notifications"
