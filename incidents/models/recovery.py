"""Which services an incident reached, where, and when each was proven recovered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident


class IncidentService(models.Model):
    """A service, or a workload of none, in which an answer found something. Added with each answer, never removed."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="services", db_index=False)
    team = models.ForeignKey("access.Team", on_delete=models.PROTECT, related_name="+", db_index=False)
    service = models.CharField(max_length=255, blank=True, db_comment="Empty: `workload` belongs to no service")
    workload = models.CharField(max_length=1024, blank=True, db_comment="cluster/namespace/kind/name")
    run_number = models.IntegerField(db_comment="The first answer that found it")
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "team", "service", "workload"], name="incident_service_once"),
            models.CheckConstraint(
                condition=(Q(service="") & ~Q(workload="")) | (~Q(service="") & Q(workload="")),
                name="incident_service_or_workload",
            ),
        ]

    @property
    def title(self) -> str:
        return self.service or self.workload


class IncidentPlace(models.Model):
    """Where a service ran something that an answer found. Insert-only: it has to run something else there now."""

    id = models.BigAutoField(primary_key=True)
    service = models.ForeignKey(IncidentService, on_delete=models.PROTECT, related_name="places", db_index=False)
    digest = models.CharField(max_length=140, db_collation="C", db_comment="What the answer's row is about")
    cluster = models.CharField(max_length=255)
    namespace = models.CharField(max_length=255)
    kind = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    container = models.CharField(max_length=255)
    run_number = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "digest", "cluster", "namespace", "kind", "name", "container"],
                name="incident_place_once",
            ),
        ]


class RecoveryStamp(models.Model):
    """A service was proven recovered, or turned out not to be any more. Insert-only; the newest one counts."""

    id = models.BigAutoField(primary_key=True)
    service = models.ForeignKey(IncidentService, on_delete=models.PROTECT, related_name="stamps", db_index=False)
    number = models.IntegerField(db_comment="From 1")
    is_recovered = models.BooleanField()
    at = models.DateTimeField()
    run_number = models.IntegerField(db_comment="The newest answer then")
    proofs = models.JSONField(db_comment="The seven proofs as they were found; shown, never filtered by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "number"], name="recovery_stamp_number"),
        ]
