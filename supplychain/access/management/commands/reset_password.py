"""`reset_password`: a one-time password for somebody who lost theirs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from supplychain.access.actors import system_actor
from supplychain.access.upkeep import find_user, reset_password
from supplychain.errors import DomainError


class Command(BaseCommand):
    help = "Print a new password, and nothing else; it must be changed at the next sign-in. Every session ends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            user = find_user(options["username"])
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(reset_password(user, actor=system_actor("reset_password"), at=timezone.now()))
