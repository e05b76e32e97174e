"""`reset_second_factor`: for somebody who lost app, passkeys and recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supplychain.access.actors import system_actor
from supplychain.access.second_factors import remove_second_factors
from supplychain.access.upkeep import find_user
from supplychain.errors import DomainError


class Command(BaseCommand):
    help = "Remove every second factor of a user. Every session ends. Be sure who asks: the password is enough then."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            user = find_user(options["username"])
        except DomainError as error:
            raise CommandError(error.message) from error
        count = remove_second_factors(user, actor=system_actor("reset_second_factor"))
        self.stdout.write(f"{count} removed.")
