"""`export_audit_head`: write the audit chain's head down now, as beat does every hour."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from supplychain.access.audit_heads import export_head
from supplychain.access.tasks import head_file


class Command(BaseCommand):
    help = "Print the newest audit row's `sequence:hash`, and add it to AUDIT_HEAD_FILE where that is set."

    def handle(self, *_args: object, **_options: Any) -> None:
        try:
            head = export_head(at=timezone.now(), file=head_file())
        except OSError as error:
            raise CommandError(f"{settings.AUDIT_HEAD_FILE} cannot be written: {error.strerror}.") from error
        self.stdout.write(str(head or "none"))
