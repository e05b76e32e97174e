"""Incidents over HTTP: open, list, change, note, acknowledge, close; and their timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.etags import IF_MATCH, read_version
from incidents.api.openapi import QUESTION_OF_INCIDENT
from incidents.asking import read_incident_question
from incidents.models import Incident, IncidentEvent, IncidentTeam, Severity, Stage
from incidents.recovery.closing import change_or_tell_left
from incidents.response.changes import Wanted, acknowledge, add_note, change_incident
from incidents.response.lifecycle import allowed_from
from incidents.response.opening import open_incident
from incidents.timeline import events_for
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import read_choice, read_flag, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

MAX_TITLE = 200
MAX_NOTE = 20_000
_OPENING = ("title", "severity")


class ConcernedTeamSerializer(serializers.ModelSerializer[IncidentTeam]):
    team = serializers.CharField(source="team.slug")

    class Meta:
        model = IncidentTeam
        fields = ["team", "since", "acknowledged_at", "acknowledged_by"]
        read_only_fields = fields


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """An incident as lists show it."""

    id = serializers.UUIDField(source="public_id")
    team = serializers.CharField(source="team.slug", allow_null=True, help_text="Null: of the whole organisation")
    state = serializers.ChoiceField(source="stage", choices=list(Stage))
    owner = serializers.CharField(source="owner.username", allow_null=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = [
            "id", "url", "title", "severity", "state", "team", "owner", "is_exploited", "is_severe", "aware_at",
            "fixed_at", "opened_by", "opened_at", "changed_at", "closed_at", "version", "run_count", "event_count",
        ]  # fmt: skip
        read_only_fields = fields

    def get_url(self, incident: Incident) -> str:
        return f"/api/v1/incidents/{incident.public_id}"


class IncidentDetailSerializer(IncidentSerializer):
    """One incident, with what it asks, whom it concerns, and which states may follow."""

    allowed_states = serializers.SerializerMethodField()
    teams = ConcernedTeamSerializer(many=True, source="concerned")

    class Meta(IncidentSerializer.Meta):
        fields = [*IncidentSerializer.Meta.fields, "question", "allowed_states", "teams"]
        read_only_fields = fields

    def get_allowed_states(self, incident: Incident) -> list[str]:
        return [stage.value for stage in allowed_from(Stage(incident.stage))]


class OpeningSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=MAX_TITLE)
    severity = serializers.ChoiceField(choices=list(Severity))


class IncidentChangeSerializer(StrictSerializer):
    """What the body leaves out stays. `reason` is told with a change of state."""

    title = serializers.CharField(max_length=MAX_TITLE, required=False)
    severity = serializers.ChoiceField(choices=list(Severity), required=False)
    state = serializers.ChoiceField(choices=list(Stage), required=False, source="stage")
    owner = serializers.CharField(max_length=150, required=False, allow_null=True, help_text="User; null: nobody")
    is_exploited = serializers.BooleanField(required=False)
    is_severe = serializers.BooleanField(required=False)
    aware_at = serializers.DateTimeField(required=False)
    fixed_at = serializers.DateTimeField(required=False)
    reason = serializers.CharField(max_length=MAX_NOTE, required=False, allow_blank=True)
    accept_unproven = serializers.BooleanField(required=False, help_text="As for `close`")


class NoteSerializer(StrictSerializer):
    text = serializers.CharField(max_length=MAX_NOTE)


class ClosingSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=MAX_NOTE)
    accept_unproven = serializers.BooleanField(
        required=False, help_text="Close although services are not proven recovered; they are told on the timeline"
    )
    walks = serializers.BooleanField(
        required=False, help_text="From any state, through all that are left, each told; nothing unproven is accepted"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to walk over what is not proven."""
        if attrs.get("walks") and attrs.get("accept_unproven"):
            message = "What is not proven is accepted step by step: leave out one of both."
            raise serializers.ValidationError({"walks": [message]}, code="walks_proven_only")
        return attrs


class EventSerializer(serializers.ModelSerializer[IncidentEvent]):
    details = serializers.DictField()

    class Meta:
        model = IncidentEvent
        fields = ["number", "kind", "at", "actor", "text", "details"]
        read_only_fields = fields


class IncidentListView(APIView):
    permission_classes = [RequireScope("incidents:read", by_method={"POST": ("incidents:write",)})]

    @extend_schema(
        operation_id="incidents_list",
        parameters=[
            *PAGE_QUERY,
            OpenApiParameter("state", enum=list(Stage)),
            OpenApiParameter("severity", enum=list(Severity)),
            OpenApiParameter("open", OpenApiTypes.BOOL, description="Not closed"),
        ],
        responses=page_of(IncidentSerializer),
    )
    def get(self, request: Request) -> Response:
        """The incidents that one may see, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"state", "severity", "open"})
        rows = Incident.objects.visible_to(actor_of(request)).select_related("team", "owner")
        if (stage := read_choice(request, "state", allowed=list(Stage))) is not None:
            rows = rows.filter(stage=stage)
        if (severity := read_choice(request, "severity", allowed=list(Severity))) is not None:
            rows = rows.filter(severity=severity)
        if read_flag(request, "open", default=False):
            rows = rows.filter(closed_at__isnull=True)
        page = read_page(rows, request=request, order=("-public_id",))
        return Response({"results": IncidentSerializer(page.rows, many=True).data, "next": page.next})

    @extend_schema(
        operation_id="incidents_open",
        request={"application/json": QUESTION_OF_INCIDENT},
        responses={201: IncidentDetailSerializer},
    )
    def post(self, request: Request) -> Response:
        """Open an incident: the question is asked, and its first answer kept for good."""
        reject_unknown_parameters(request, ())
        body = request.data if isinstance(request.data, dict) else {}
        opening = OpeningSerializer(data={name: body.get(name) for name in _OPENING})
        opening.is_valid(raise_exception=True)
        asked = read_incident_question({name: value for name, value in body.items() if name not in _OPENING})
        incident = open_incident(
            asked.question,
            given=asked.given,
            title=opening.validated_data["title"],
            severity=Severity(opening.validated_data["severity"]),
            actor=actor_of(request),
            at=timezone.now(),
        )
        return _detail(request, incident.public_id, status=201)


class IncidentView(APIView):
    permission_classes = [RequireScope("incidents:read", by_method={"PATCH": ("incidents:write",)})]

    @extend_schema(operation_id="incidents_read", responses=IncidentDetailSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One incident. `ETag` names its version, for `If-Match` of a change."""
        reject_unknown_parameters(request, ())
        return _detail(request, public_id)

    @extend_schema(
        operation_id="incidents_change",
        parameters=[IF_MATCH],
        request=IncidentChangeSerializer,
        responses={200: IncidentDetailSerializer, **refusals(409, 412)},
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change title, severity, state, owner or flags; each is told on the timeline."""
        reject_unknown_parameters(request, ())
        serializer = IncidentChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        if "owner" in given:
            given["owner"] = given["owner"] or ""
        for name, kind in (("severity", Severity), ("stage", Stage)):
            if name in given:
                given[name] = kind(given[name])
        change_incident(
            public_id, Wanted(**given), actor=actor_of(request), at=timezone.now(), version=read_version(request)
        )
        return _detail(request, public_id)


class NotesView(APIView):
    permission_classes = [RequireScope("incidents:write")]

    @extend_schema(operation_id="incidents_note", request=NoteSerializer, responses={201: IncidentDetailSerializer})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Write something down on the timeline."""
        reject_unknown_parameters(request, ())
        serializer = NoteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        add_note(public_id, serializer.validated_data["text"], actor=actor_of(request), at=timezone.now())
        return _detail(request, public_id, status=201)


class CloseView(APIView):
    permission_classes = [RequireScope("incidents:write")]

    @extend_schema(
        operation_id="incidents_close",
        request=ClosingSerializer,
        responses={200: IncidentDetailSerializer, **refusals(409)},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Close an incident that is recovering, or with `walks` any, with the reason why it is over."""
        reject_unknown_parameters(request, ())
        serializer = ClosingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = Wanted(stage=Stage.CLOSED, **serializer.validated_data)
        change_or_tell_left(public_id, wanted, actor=actor_of(request), at=timezone.now())
        return _detail(request, public_id)


class AcknowledgeView(APIView):
    # Who may send evidence in a team's name may say that the team knows.
    permission_classes = [RequireScope("evidence:write")]

    @extend_schema(
        operation_id="incidents_acknowledge",
        request=None,
        responses={200: IncidentDetailSerializer, **refusals(409)},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say that one's teams know of the incident."""
        reject_unknown_parameters(request, ())
        acknowledge(public_id, actor=actor_of(request), at=timezone.now())
        return _detail(request, public_id)


class TimelineView(APIView):
    permission_classes = [RequireScope("incidents:read")]

    @extend_schema(operation_id="incidents_timeline", parameters=PAGE_QUERY, responses=page_of(EventSerializer))
    def get(self, request: Request, public_id: UUID) -> Response:
        """Everything that happened, oldest first. A team's member sees what was done, not what was found of others."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        incident = _visible(request, public_id)
        page = read_page(events_for(incident, actor=actor_of(request)), request=request, order=("number",))
        return Response({"results": EventSerializer(page.rows, many=True).data, "next": page.next})


def _visible(request: Request, public_id: UUID) -> Incident:
    found = Incident.objects.visible_to(actor_of(request)).select_related("team", "owner").filter(public_id=public_id)
    incident = found.first()
    if incident is None:
        raise Http404
    return incident


def _detail(request: Request, public_id: UUID, *, status: int = 200) -> Response:
    incident = _visible(request, public_id)
    actor = actor_of(request)
    concerned = incident.teams.select_related("team").order_by("team__slug")
    if not actor.sees_all:
        concerned = concerned.filter(team__in=sorted(actor.team_ids or ()))
    incident.concerned = list(concerned)  # type: ignore[attr-defined]  # for the serializer alone
    return Response(IncidentDetailSerializer(incident).data, status=status, headers={"ETag": f'"{incident.version}"'})
