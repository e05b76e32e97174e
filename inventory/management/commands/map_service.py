"""`map_service`: say which service workloads belong to whose reports name none."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from inventory.formats.timestamps import parse_timestamp
from inventory.ingest.upkeep import SINCE_EVER, WorkloadPattern, end_mapping, map_service, withdraw_mapping
from inventory.models import ServiceMapping
from supplychain.access.actors import system_actor
from supplychain.errors import DomainError


class Command(BaseCommand):
    help = "Map workloads to a service, by patterns over cluster, namespace and workload; the most specific wins."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="These workloads belong to this service")
        _add_mapping(add)
        add.add_argument("--from", dest="valid_from", help="RFC 3339; by default it holds for all the past")
        add.add_argument("--to", dest="valid_to", help="RFC 3339; by default without end")
        end = actions.add_parser("end", help="They no longer do; what ran before keeps its service")
        _add_mapping(end)
        end.add_argument("--at", help="RFC 3339; by default now")
        _add_mapping(actions.add_parser("withdraw", help="It was a mistake: they never did"))
        shown = actions.add_parser("list", help="Print the mappings, ended ones included")
        shown.add_argument("--team", help="Of this team alone")

    def handle(self, *_args: object, **options: Any) -> None:
        if options["action"] == "list":
            for mapping in _listed(options["team"]):
                self.stdout.write(_line(mapping))
            return
        try:
            line = _changed(options, now=timezone.now())
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(line)


def _add_mapping(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service")
    parser.add_argument("--team", required=True, help="Speaks for its containers, and for all in its clusters")
    for part in ("cluster", "namespace", "workload"):
        parser.add_argument(f"--{part}", default="*", help="A name, or a pattern with `*` and `?`")


def _changed(options: dict[str, Any], *, now: datetime) -> str:
    service, team = options["service"], options["team"]
    pattern = WorkloadPattern(options["cluster"], options["namespace"], options["workload"])
    actor = system_actor("map_service")
    if options["action"] == "withdraw":
        withdraw_mapping(service, team=team, pattern=pattern, actor=actor, at=now)
        return f"withdrawn: {service}"
    if options["action"] == "end":
        ended_at = _read_time(options["at"]) or now
        return _line(end_mapping(service, team=team, pattern=pattern, ended_at=ended_at, actor=actor, at=now))
    valid_from, valid_to = _read_time(options["valid_from"]) or SINCE_EVER, _read_time(options["valid_to"])
    return _line(
        map_service(service, team=team, pattern=pattern, valid_from=valid_from, valid_to=valid_to, actor=actor, at=now)
    )


def _listed(team: str | None) -> list[ServiceMapping]:
    found = ServiceMapping.objects.select_related("team").order_by("team__slug", "service", "valid_from", "pk")
    return list(found if team is None else found.filter(team__slug=team))


def _read_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    found = parse_timestamp(text)
    if found is None:
        raise CommandError(f"{text!r} is no RFC 3339 time with a zone, such as 2026-03-01T12:00:00Z.")
    return found


def _line(mapping: ServiceMapping) -> str:
    begins = "ever" if mapping.valid_from == SINCE_EVER else mapping.valid_from.isoformat()
    ends = "" if mapping.valid_to is None else f" to {mapping.valid_to.isoformat()}"
    where = f"cluster {mapping.cluster}, namespace {mapping.namespace}, workload {mapping.workload}"
    return f"{mapping.team.slug}: {where} -> {mapping.service}, from {begins}{ends}"
