"""Metrics of the installation itself; those of documents are in inventory/graph/backlog.py."""

from __future__ import annotations

import math
from collections.abc import Iterator

from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from supplychain.ops import facts
from supplychain.ops.capacity import read_capacity, read_clock_skew_seconds
from supplychain.ops.findings import MAX_PROCESSES
from supplychain.ops.models import SlowStatement
from supplychain.ops.processes import is_silent, read_beats

_AGES = {
    facts.SWEEP: ("supplychain_sweep_age_seconds", "Since the sweep last ran; it runs every five seconds"),
    facts.BACKUP: ("supplychain_backup_age_seconds", "Since the last recorded backup; +Inf when there was none"),
    facts.RESTORE_DRILL: (
        "supplychain_restore_drill_age_seconds",
        "Since the last restore drill that worked; +Inf when there was none",
    ),
}


class ProcessCollector(Collector):
    """Processes that tell of themselves, alive and silent, and how long ago what should happen did."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        at = timezone.now()
        processes = GaugeMetricFamily(
            "supplychain_processes", "Processes by kind; silent: no sign of life for a minute", labels=["kind", "state"]
        )
        beats = read_beats(limit=MAX_PROCESSES)
        for kind in ("web", "worker", "beat"):
            silent = sum(beat.kind == kind and is_silent(beat, at=at) for beat in beats)
            processes.add_metric([kind, "alive"], sum(beat.kind == kind for beat in beats) - silent)
            processes.add_metric([kind, "silent"], silent)
        yield processes
        known = facts.read_facts()
        for name, (metric, text) in _AGES.items():
            fact = known.get(name)
            counts = fact is not None and fact.details.get("ok", True)
            yield GaugeMetricFamily(metric, text, (at - fact.at).total_seconds() if fact and counts else math.inf)
        skew = read_clock_skew_seconds()
        yield GaugeMetricFamily("supplychain_clock_skew_seconds", "This machine's clock ahead of the database's", skew)


class CapacityCollector(Collector):
    """Room taken by the database, and slow statements."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        capacity = read_capacity(at=timezone.now())
        yield GaugeMetricFamily("supplychain_database_bytes", "Size of the database", capacity.database_bytes)
        tables = GaugeMetricFamily(
            "supplychain_table_bytes", "Size of the largest tables, indexes included", labels=["table"]
        )
        for table in capacity.tables:
            tables.add_metric([table.name], table.size_bytes)
        yield tables
        if capacity.free_bytes is not None:
            yield GaugeMetricFamily("supplychain_disk_free_bytes", "Left on the database's disk", capacity.free_bytes)
        if capacity.growth_bytes_per_day is not None:
            text = "Growth of the database in a day, from at most a week"
            yield GaugeMetricFamily("supplychain_database_growth_bytes_per_day", text, capacity.growth_bytes_per_day)
        slow = SlowStatement.objects.aggregate(shapes=Count("pk"), worst=Max("worst_seconds"))
        text = "Shapes of statements slower than SLOW_QUERY_MILLISECONDS in 30 days"
        yield GaugeMetricFamily("supplychain_slow_statement_shapes", text, slow["shapes"])
        text = "The slowest statement of 30 days"
        yield GaugeMetricFamily("supplychain_slow_statement_worst_seconds", text, slow["worst"] or 0.0)
