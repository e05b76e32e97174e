"""`retention plan | show | approve | run`: remove bytes of old evidence that nothing needs. Two people, on record."""

from __future__ import annotations

import sys
from datetime import timedelta
from getpass import getpass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inventory.models import RetentionItem
from inventory.retention.candidates import MEANINGS
from inventory.retention.plans import MAX_DOCUMENTS, approve, carry_out, find_plan, propose
from supplychain.access.actors import system_actor
from supplychain.access.models import User
from supplychain.errors import DomainError


class Command(BaseCommand):
    """Run it as the owner of the tables: web and worker may not remove evidence."""

    help = "Plan, approve and carry out the removal of old documents' bytes. See docs/operations.md, Retention."

    def add_arguments(self, parser: CommandParser) -> None:
        parts = parser.add_subparsers(dest="part", required=True)
        plan = parts.add_parser("plan", help="Say what could go and why the rest stays; removes nothing")
        plan.add_argument("--as", dest="username", required=True, help="Who plans it; asks for the password")
        plan.add_argument("--reason", required=True)
        plan.add_argument("--limit", type=int, default=MAX_DOCUMENTS)
        show = parts.add_parser("show", help="Show a plan and its documents")
        show.add_argument("plan", type=UUID)
        approval = parts.add_parser("approve", help="Approve another person's plan")
        approval.add_argument("plan", type=UUID)
        approval.add_argument("--as", dest="username", required=True, help="Who approves it; asks for the password")
        run = parts.add_parser("run", help="Remove the bytes of an approved plan")
        run.add_argument("plan", type=UUID)

    def handle(self, **options: Any) -> None:
        parts = {"plan": self._plan, "show": self._show, "approve": self._approve, "run": self._run}
        try:
            parts[options["part"]](options)
        except DomainError as error:
            raise CommandError(error.message) from error

    def _plan(self, options: dict[str, Any]) -> None:
        if not settings.RETENTION_DAYS:
            raise CommandError("RETENTION_DAYS is 0: everything is kept for ever.")
        at = timezone.now()
        since = at - timedelta(days=settings.RETENTION_DAYS)
        user = _user(options["username"])
        found = propose(user=user, keep_since=since, reason=options["reason"], at=at, limit=options["limit"])
        size = sum(candidate.size_bytes for candidate in found.going)
        self.stdout.write(
            f"{len(found.going)} documents received before {since:%Y-%m-%d} could go, {size} bytes of evidence"
        )
        for why, count in sorted(found.staying.items()):
            self.stdout.write(f"{count} stay: {MEANINGS.get(why, why)}")
        if found.plan is not None:
            self.stdout.write(
                f"plan {found.plan.public_id}: somebody else approves it, then `retention run` removes them"
            )

    def _show(self, options: dict[str, Any]) -> None:
        plan = find_plan(options["plan"])
        self.stdout.write(
            f"{plan.reason}\nplanned by {plan.planned_by.username} at {plan.planned_at:%Y-%m-%d %H:%M} UTC"
        )
        if plan.approved_by is not None and plan.approved_at is not None:
            self.stdout.write(f"approved by {plan.approved_by.username} at {plan.approved_at:%Y-%m-%d %H:%M} UTC")
        items = RetentionItem.objects.filter(plan=plan).select_related("evidence__tombstone").order_by("evidence_id")
        for item in items.iterator(chunk_size=1000):
            gone = hasattr(item.evidence, "tombstone")
            state = "removed" if gone else f"kept: {item.kept_because}" if item.kept_because else "to go"
            self.stdout.write(f"{item.evidence.public_id} {item.evidence.received_at:%Y-%m-%d} {state}")

    def _approve(self, options: dict[str, Any]) -> None:
        plan = find_plan(options["plan"])
        approve(plan, user=_user(options["username"]), at=timezone.now())
        self.stdout.write(f"plan {plan.public_id} is approved; `retention run {plan.public_id}` removes the bytes")

    def _run(self, options: dict[str, Any]) -> None:
        count, size, kept = 0, 0, 0
        for removal in carry_out(find_plan(options["plan"]), actor=system_actor("retention"), at=timezone.now()):
            if removal.kept_because:
                why = MEANINGS.get(removal.kept_because, removal.kept_because)
                self.stdout.write(f"{removal.public_id} stays after all: {why}")
                kept += 1
            else:
                count, size = count + 1, size + removal.size_bytes
        self.stdout.write(f"{count} documents removed, {size} bytes of evidence; {kept} stayed")


def _user(username: str) -> User:
    """Return who sits at the terminal, by the password: two names typed by one person are not two people."""
    prompt = f"Password of {username}: "
    password = getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    user = User.objects.filter(username=username).first()
    if user is None or not user.check_password(password):
        raise CommandError("No user of this name has this password.")
    return user
