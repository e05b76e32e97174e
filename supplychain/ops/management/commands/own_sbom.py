"""`own_sbom`: print this product's own SBOM."""

from django.conf import settings
from django.core.management.base import BaseCommand

from supplychain.ops.own_sbom import write_own_sbom


class Command(BaseCommand):
    help = "Print the SBOM of this product as CycloneDX 1.6 JSON, made from the lock files it is installed from."

    def handle(self, *_args: object, **_options: object) -> None:
        self.stdout.write(write_own_sbom(settings.BASE_DIR))
