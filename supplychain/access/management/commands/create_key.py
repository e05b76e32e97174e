"""`create_key`: make an API key, and its team, on the command line."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from supplychain.access.actors import system_actor
from supplychain.access.keys import Bindings, NewKey, make_key
from supplychain.access.people import get_or_make_team
from supplychain.access.scopes import Scope
from supplychain.errors import DomainError


class Command(BaseCommand):
    help = "Make an API key and print it, and nothing else, on standard output. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--team", required=True, help="The team that owns what the key sends; made if there is none"
        )
        parser.add_argument("--scopes", required=True, help=f"Separated by commas, of: {', '.join(Scope.values)}")
        parser.add_argument("--name", default="", help="What the key is for")
        parser.add_argument("--cluster", action="append", default=[], dest="clusters", help="Bind to it; repeatable")
        parser.add_argument("--repository", action="append", default=[], dest="repositories", help="Likewise")
        parser.add_argument("--environment", action="append", default=[], dest="environments", help="Likewise")
        parser.add_argument("--kind", action="append", default=[], dest="kinds", help="Likewise, a kind of evidence")
        parser.add_argument("--expires-days", type=int, help="By default the key does not expire")
        parser.add_argument("--sees-all-teams", action="store_true", help="Read what responders read")

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            new = _make(options, at=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(new.text)


def _make(options: dict[str, Any], *, at: datetime) -> NewKey:
    actor = system_actor("create_key")
    days = options["expires_days"]
    with transaction.atomic():
        return make_key(
            get_or_make_team(options["team"], actor=actor, at=at),
            scopes=[scope.strip() for scope in options["scopes"].split(",") if scope.strip()],
            actor=actor,
            at=at,
            bindings=Bindings(
                **{part: tuple(options[part]) for part in ("repositories", "clusters", "environments", "kinds")}
            ),
            name=options["name"],
            expires_at=None if days is None else at + timedelta(days=days),
            sees_all_teams=options["sees_all_teams"],
        )
