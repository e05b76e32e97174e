"""`trust_root NAME [FILE]`: believe a root of trust that has no version yet; without a file Sigstore's public one."""

from __future__ import annotations

from argparse import FileType
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inventory.management.public_root import public_root
from inventory.verification.roots import load_first
from supplychain.access.actors import system_actor
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Load the first version of a root of trust. Later versions are proposed and approved by two people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What it is called here, such as sigstore or github")
        parser.add_argument("file", nargs="?", type=FileType("rb"), help="A trusted_root.json")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        from inventory.trust.roots import BadRootError, load_root  # noqa: PLC0415  a second and 70 MB

        data = options["file"].read() if options["file"] else public_root()
        try:
            load_root(data)
            version = load_first(options["name"], data, actor=system_actor("trust_root"), at=timezone.now())
        except BadRootError as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{options['name']}, version {version.number}, is believed: {version.digest}")
