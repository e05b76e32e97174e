"""The Django app `ops`: what the installation tells of itself."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from supplychain import exchange
from supplychain.ops import slow_statements


class OpsConfig(AppConfig):
    name = "supplychain.ops"
    label = "ops"

    def ready(self) -> None:
        connection_created.connect(slow_statements.watch, dispatch_uid="slow_statements")
        exchange.tell_times_to(slow_statements.tell)
