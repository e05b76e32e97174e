"""`reseal_channels`: after SECRET_KEY changed, so that SECRET_KEY_PREVIOUS can go."""

from django.core.management.base import BaseCommand, CommandError

from supplychain.access.sealing import BrokenSealError
from supplychain.notify.secrets import reseal_all


class Command(BaseCommand):
    help = "Seal the addresses and keys of channels under the SECRET_KEY of today."

    def handle(self, *_args: object, **_options: object) -> None:
        try:
            count = reseal_all()
        except BrokenSealError as error:
            message = "A secret was sealed under neither SECRET_KEY nor SECRET_KEY_PREVIOUS; nothing was changed."
            raise CommandError(message) from error
        self.stdout.write(f"{count} sealed anew.")
