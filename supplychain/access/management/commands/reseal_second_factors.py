"""`reseal_second_factors`: after SECRET_KEY changed, so that SECRET_KEY_PREVIOUS can go."""

from django.core.management.base import BaseCommand, CommandError

from supplychain.access.sealing import BrokenSealError
from supplychain.access.second_factors import reseal_second_factors


class Command(BaseCommand):
    help = "Seal the seeds of apps and recovery codes under the SECRET_KEY of today."

    def handle(self, *_args: object, **_options: object) -> None:
        try:
            count = reseal_second_factors()
        except BrokenSealError as error:
            message = "A seed was sealed under neither SECRET_KEY nor SECRET_KEY_PREVIOUS; nothing was changed."
            raise CommandError(message) from error
        self.stdout.write(f"{count} sealed anew.")
