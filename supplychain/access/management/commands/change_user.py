"""`change_user`: roles, teams, leaving and coming back, on the command line."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from supplychain.access import upkeep
from supplychain.access.actors import system_actor
from supplychain.access.models import User
from supplychain.access.scopes import OrganisationRole, TeamRole
from supplychain.errors import DomainError


class Command(BaseCommand):
    help = "Change what a user may do. A changed organisation role and --deactivate end every session at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--organisation-role", choices=OrganisationRole.values)
        parser.add_argument("--team", help="Joins it; made if there is none")
        parser.add_argument("--role", default=TeamRole.MEMBER, choices=TeamRole.values, help="In the team")
        parser.add_argument("--leave-team", help="Slug of the team")
        parser.add_argument("--link-subject", help="`sub` of the person at the identity provider (OIDC_ISSUER)")
        standing = parser.add_mutually_exclusive_group()
        standing.add_argument("--deactivate", action="store_true")
        standing.add_argument("--activate", action="store_true")

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            with transaction.atomic():
                _change(upkeep.find_user(options["username"]), options, at=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from error


def _change(user: User, options: dict[str, Any], *, at: datetime) -> None:
    actor = system_actor("change_user")
    if options["organisation_role"] is not None:
        upkeep.set_organisation_role(user, options["organisation_role"], actor=actor, at=at)
    if options["team"]:
        upkeep.join_team(user, options["team"], role=options["role"], actor=actor, at=at)
    if options["leave_team"]:
        upkeep.leave_team(user, options["leave_team"], actor=actor, at=at)
    if options["link_subject"]:
        upkeep.link_subject(user, options["link_subject"], actor=actor, at=at)
    if options["deactivate"]:
        upkeep.deactivate(user, actor=actor, at=at)
    if options["activate"]:
        upkeep.activate(user, actor=actor, at=at)
