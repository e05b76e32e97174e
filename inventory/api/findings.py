"""What detectors found, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.detectors.records import Detector, Severity
from inventory.graph.findings import FindingFilter, find_findings, with_documents
from inventory.models import Finding, FindingChange, FindingEvent, FindingState
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import read_choice, read_text, read_time, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

_FILTERS = frozenset({"detector", "severity", "state", "repository", "seen_from", "seen_before"})


class PlaceSerializer(serializers.Serializer[Any]):
    job = serializers.CharField(help_text="'' in a composite action")
    step = serializers.IntegerField(allow_null=True, help_text="From 0; null: the job itself")
    line = serializers.IntegerField(help_text="Of a script: where it begins")


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """A way in that a file shows, or showed: `subject` is not pinned, `given` is how the file writes it."""

    id = serializers.UUIDField(source="public_id")
    url = serializers.SerializerMethodField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=list(FindingState))
    team = serializers.CharField(source="team.slug")
    wrong = serializers.CharField()
    fix = serializers.CharField()
    places = serializers.SerializerMethodField(help_text="In the newest version that shows it, at most 50")
    first_evidence = serializers.UUIDField(source="first_evidence.public_id")
    last_evidence = serializers.UUIDField(source="last_evidence.public_id")
    closed_by = serializers.UUIDField(
        source="closed_by.public_id", allow_null=True, default=None, help_text="The version that does not show it"
    )

    class Meta:
        model = Finding
        fields = [
            "id", "url", "detector", "title", "rule", "severity", "state", "team", "repository", "path", "subject",
            "given", "wrong", "fix", "places", "first_seen_at", "first_evidence", "last_seen_at", "last_evidence",
            "closed_at", "closed_by",
        ]  # fmt: skip
        read_only_fields = fields

    def get_url(self, finding: Finding) -> str:
        return f"/api/v1/findings/{finding.public_id}"

    @extend_schema_field(PlaceSerializer(many=True))
    def get_places(self, finding: Finding) -> list[dict[str, Any]]:
        return [{"job": job, "step": step, "line": line} for job, step, line in finding.places]


class FindingEventSerializer(serializers.ModelSerializer[FindingEvent]):
    kind = serializers.ChoiceField(choices=list(FindingChange))
    evidence = serializers.UUIDField(source="evidence.public_id")

    class Meta:
        model = FindingEvent
        fields = ["kind", "rule", "severity", "evidence", "at", "recorded_at"]
        read_only_fields = fields


class FindingDetailSerializer(FindingSerializer):
    events = FindingEventSerializer(many=True, help_text="In the order in which they were recorded")

    class Meta(FindingSerializer.Meta):
        fields = [*FindingSerializer.Meta.fields, "events"]
        read_only_fields = fields


class FindingListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="findings_list",
        parameters=[
            *PAGE_QUERY,
            OpenApiParameter("detector", enum=list(Detector)),
            OpenApiParameter("severity", enum=list(Severity)),
            OpenApiParameter("state", enum=list(FindingState)),
            OpenApiParameter("repository", description="host/owner/name, or owner/name of github.com"),
            OpenApiParameter("seen_from", OpenApiTypes.DATETIME, description="First seen then or later"),
            OpenApiParameter("seen_before", OpenApiTypes.DATETIME, description="First seen before then"),
        ],
        responses=page_of(FindingSerializer),
    )
    def get(self, request: Request) -> Response:
        """What detectors found in the workflow files of one's teams, the newest finding first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | _FILTERS)
        rows = find_findings(_filter(request), actor=actor_of(request))
        page = read_page(rows, request=request, order=("-public_id",))
        return Response({"results": FindingSerializer(page.rows, many=True).data, "next": page.next})


class FindingView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="findings_read", responses=FindingDetailSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One finding, with what happened to it and by which documents."""
        reject_unknown_parameters(request, ())
        rows = with_documents(Finding.objects.visible_to(actor_of(request)))
        finding = rows.with_events().filter(public_id=public_id).first()
        if finding is None:
            raise Http404
        return Response(FindingDetailSerializer(finding).data)


def _filter(request: Request) -> FindingFilter:
    detector = read_choice(request, "detector", allowed=list(Detector))
    severity = read_choice(request, "severity", allowed=list(Severity))
    state = read_choice(request, "state", allowed=list(FindingState))
    return FindingFilter(
        detector=None if detector is None else Detector(detector),
        severity=None if severity is None else Severity(severity),
        state=None if state is None else FindingState(state),
        repository=read_text(request, "repository"),
        seen_from=read_time(request, "seen_from"),
        seen_before=read_time(request, "seen_before"),
    )
