"""Bring the database to what this version of the code needs: tables, the cache table, the rights of the roles."""

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from supplychain.database.roles import DatabaseRoleError, prepare_roles


class Command(BaseCommand):
    # The checks load every page and every view; `./run lint` and the tests are the place for that.
    requires_system_checks = ()
    help = (
        "Migrate, make the cache table, and make the roles of DATABASE_WEB_URL and DATABASE_WORKER_URL with the rights"
        " they need. Safe to repeat; run it as the owner of the tables before the new version starts."
    )

    def handle(self, *_args: object, **_options: object) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not settings.DATABASE_ROLES:
            return
        try:
            notes = prepare_roles(settings.DATABASE_ROLES)
        except DatabaseRoleError as error:
            raise CommandError(str(error)) from error
        for note in notes:
            self.stderr.write(note)
