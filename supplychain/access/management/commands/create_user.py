"""`create_user`: make a user, and the team, on the command line."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from supplychain.access.actors import system_actor
from supplychain.access.people import generate_password, get_or_make_team, make_user
from supplychain.access.scopes import OrganisationRole, TeamRole
from supplychain.errors import DomainError


class Command(BaseCommand):
    help = "Make a user. A generated password is printed, and nothing else, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--password-file", type=Path, help="Its first line is the password")
        source.add_argument("--password-stdin", action="store_true", help="The first line of standard input is")
        parser.add_argument("--team", help="Made if there is none")
        parser.add_argument("--role", default=TeamRole.MEMBER, choices=TeamRole.values, help="In the team")
        parser.add_argument("--organisation-role", default=OrganisationRole.NONE, choices=OrganisationRole.values)

    def handle(self, *_args: object, **options: Any) -> None:
        given = _given_password(options)
        password = generate_password() if given is None else given
        try:
            _make(options, password=password, at=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from error
        if given is None:
            self.stdout.write(password)


def _given_password(options: dict[str, Any]) -> str | None:
    """Return the password of the file or of standard input; None when one is to be generated."""
    if options["password_stdin"]:
        return sys.stdin.readline().rstrip("\r\n")
    if options["password_file"] is None:
        return None
    try:
        return str(options["password_file"].read_text().split("\n", 1)[0].rstrip("\r"))
    except OSError as error:
        raise CommandError(f"The password file cannot be read: {error.strerror}.") from error


def _make(options: dict[str, Any], *, password: str, at: datetime) -> None:
    actor = system_actor("create_user")
    with transaction.atomic():
        team = get_or_make_team(options["team"], actor=actor, at=at) if options["team"] else None
        make_user(
            options["username"],
            password=password,
            actor=actor,
            at=at,
            team=team,
            role=options["role"],
            organisation_role=options["organisation_role"],
        )
