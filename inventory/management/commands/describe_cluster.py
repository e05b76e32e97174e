"""`describe_cluster`: show or set a cluster's default environment and how often it promises to report."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inventory.ingest.upkeep import NO_ENVIRONMENT, set_cluster
from inventory.models import Cluster
from supplychain.access.actors import system_actor
from supplychain.errors import DomainError


class Command(BaseCommand):
    help = "Set what reports of a cluster do not say, and print it; without options only print it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="As its reports name it; the first report makes a cluster")
        parser.add_argument("--environment", help=f"Of records that name none; `{NO_ENVIRONMENT}` takes it away")
        parser.add_argument(
            "--report-interval-seconds", type=int, help="It counts as stale after three of them without a report"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            cluster = set_cluster(
                options["name"],
                environment=options["environment"],
                report_interval_seconds=options["report_interval_seconds"],
                actor=system_actor("describe_cluster"),
                at=timezone.now(),
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(_line(cluster))


def _line(cluster: Cluster) -> str:
    environment = cluster.environment
    where = NO_ENVIRONMENT if environment is None else environment.slug
    production = " (production)" if environment is not None and environment.is_production else ""
    return f"{cluster.name}: environment {where}{production}, reports every {cluster.report_interval_seconds} s"
