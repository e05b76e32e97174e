"""`describe_environment`: show the environments, or say whether one is production."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inventory.ingest.upkeep import set_environment
from inventory.models import Environment
from supplychain.access.actors import system_actor
from supplychain.errors import DomainError


class Command(BaseCommand):
    help = "Say whether an environment is production, and print it; without a name print them all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="Made if no report named it yet")
        parser.add_argument("--production", action=argparse.BooleanOptionalAction, help="Whether it is production")

    def handle(self, *_args: object, **options: Any) -> None:
        slug, is_production = options["slug"], options["production"]
        if (slug is None) != (is_production is None):
            raise CommandError("Give a name with --production or --no-production, or neither to see them all.")
        if slug is None:
            for environment in Environment.objects.order_by("slug"):
                self.stdout.write(_line(environment))
            return
        try:
            environment = set_environment(
                slug, is_production=is_production, actor=system_actor("describe_environment"), at=timezone.now()
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(_line(environment))


def _line(environment: Environment) -> str:
    return f"{environment.slug}: {'production' if environment.is_production else 'not production'}"
