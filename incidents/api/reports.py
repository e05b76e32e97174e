"""Legal clocks over HTTP: by when something must be reported, and that it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.actions import visible_incident
from incidents.response.clocks import Duty, Report, clocks_of
from incidents.response.opening import NarrowViewError
from incidents.response.reporting import note_report
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import reject_unknown_parameters
from supplychain.api.schema import refusals
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from incidents.models import Incident

MAX_REFERENCE = 300


class ClockSerializer(serializers.Serializer[Any]):
    duty = serializers.ChoiceField(choices=list(Duty))
    report = serializers.ChoiceField(choices=list(Report))
    due_at = serializers.DateTimeField(allow_null=True)
    waits_for = serializers.ChoiceField(
        choices=["", "aware_at", "fixed_at", "notification"], help_text="From what it runs, while that is not told"
    )
    sent_at = serializers.DateTimeField(allow_null=True)
    reference = serializers.CharField()
    is_late = serializers.BooleanField()


class ClocksSerializer(serializers.Serializer[Any]):
    results = ClockSerializer(many=True)


class ReportSerializer(StrictSerializer):
    duty = serializers.ChoiceField(choices=list(Duty))
    report = serializers.ChoiceField(choices=list(Report))
    sent_at = serializers.DateTimeField(required=False, help_text="Default: now")
    reference = serializers.CharField(max_length=MAX_REFERENCE, required=False, allow_blank=True)


class ReportsView(APIView):
    permission_classes = [RequireScope("incidents:read", by_method={"POST": ("incidents:write",)})]

    @extend_schema(operation_id="incidents_reports", responses=ClocksSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """By when an incident that is flagged must be reported, and what was."""
        reject_unknown_parameters(request, ())
        incident = visible_incident(request, public_id)
        if not incident.is_whole_for(actor_of(request)):
            raise NarrowViewError
        return _clocks(incident)

    @extend_schema(
        operation_id="incidents_reports_note",
        request=ReportSerializer,
        responses={201: ClocksSerializer, **refusals(409)},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Note that a report was sent, once."""
        reject_unknown_parameters(request, ())
        serializer = ReportSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given, at = serializer.validated_data, timezone.now()
        noted = note_report(
            public_id,
            Duty(given["duty"]),
            Report(given["report"]),
            sent_at=given.get("sent_at") or at,
            reference=given.get("reference", ""),
            actor=actor_of(request),
            at=at,
        )
        return _clocks(noted.incident, status=201)


def _clocks(incident: Incident, *, status: int = 200) -> Response:
    found = clocks_of(incident, incident.reports.all(), at=timezone.now())
    return Response({"results": ClockSerializer(found, many=True).data}, status=status)
