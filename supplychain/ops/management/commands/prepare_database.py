"""Bring the database to what this version of the code needs: tables, then the cache table."""

from django.core.management import BaseCommand, call_command


class Command(BaseCommand):
    # The checks load every page and every view; `./run lint` and the tests are the place for that.
    requires_system_checks = ()
    help = "Migrate and make the cache table. Safe to repeat; run it before the new version starts."

    def handle(self, *_args: object, **_options: object) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
