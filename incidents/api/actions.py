"""Containment over HTTP: what the newest answer proposes, and the actions that people made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.etags import IF_MATCH, read_version
from incidents.api.openapi import TARGET
from incidents.models import ActionKind, ActionState, ContainmentAction, Incident
from incidents.models.response import STORED
from incidents.response.actions import (
    ActionWanted,
    NewAction,
    actions_for,
    change_action,
    change_actions,
    make_action,
    take_proposals,
)
from incidents.response.answers import newest_answer
from incidents.response.moves import is_reversible, moves_from
from incidents.response.proposals import propose, seen_by
from supplychain.access.actors import actor_of
from supplychain.access.models import Team
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import read_choice, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from rest_framework.request import Request

MAX_TITLE = 300
MAX_NOTE = 2_000
MAX_TAKEN = 5_000
MAX_CHANGED = 2_000
MAX_NUMBER = 2**31 - 1


@extend_schema_field(TARGET)
class TargetField(serializers.DictField):
    """What an action is done to."""


class ActionSerializer(serializers.ModelSerializer[ContainmentAction]):
    """One action. `evidence_before` is what the answer said of its target, `evidence_after` what it says since.

    `reopened_by` is who said that what was done is not: evidence does not close it then.
    """

    url = serializers.SerializerMethodField()
    target = TargetField()
    owner = serializers.CharField(source="owner.username", allow_null=True)
    team = serializers.CharField(source="team.slug", allow_null=True)
    run = serializers.IntegerField(source="run_number")
    evidence_before = serializers.DictField()
    evidence_after = serializers.DictField(
        allow_null=True,
        help_text="With `proven`, what proved it, where evidence closed it (docs/incidents.md, Actions)",
    )
    allowed_states = serializers.SerializerMethodField()
    is_reversible = serializers.SerializerMethodField()

    class Meta:
        model = ContainmentAction
        fields = [
            "number", "url", "kind", "title", "target", "owner", "team", "due_at", "state", "allowed_states",
            "is_reversible", "run", "is_basis_withdrawn", "evidence_before", "evidence_after", "block", "made_by",
            "made_at", "changed_at", "done_by", "done_at", "reopened_by", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_url(self, action: ContainmentAction) -> str:
        return f"/api/v1/incidents/{action.incident.public_id}/actions/{action.number}"

    def get_allowed_states(self, action: ContainmentAction) -> list[str]:
        return [state.value for state in moves_from(ActionKind(action.kind), ActionState(action.state))]

    def get_is_reversible(self, action: ContainmentAction) -> bool:
        return is_reversible(ActionKind(action.kind))


class ProposalSerializer(serializers.Serializer[Any]):
    """What the newest answer gives rise to. `key` is what taking it names."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=list(ActionKind))
    state = serializers.SerializerMethodField()
    title = serializers.CharField()
    target = TargetField()
    team = serializers.CharField(allow_null=True)
    due_at = serializers.DateTimeField()
    evidence = serializers.DictField()

    def get_state(self, proposal: Any) -> str:  # noqa: ARG002  # REST framework's signature
        return ActionState.PROPOSED.value


class ProposalsSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(help_text="The answer they are derived from")
    results = ProposalSerializer(many=True)


class NewActionSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=list(ActionKind))
    target = TargetField()
    title = serializers.CharField(max_length=MAX_TITLE, required=False, allow_blank=True)
    owner = serializers.CharField(max_length=150, required=False, allow_blank=True, help_text="A user")
    team = serializers.CharField(max_length=63, required=False, allow_blank=True, help_text="Instead of a user")
    due_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two owners."""
        return _with_one_owner(attrs)


class ActionChangeSerializer(StrictSerializer):
    """What the body leaves out stays. `note` is told with the change, and kept with what is done."""

    state = serializers.ChoiceField(choices=list(STORED), required=False)
    owner = serializers.CharField(max_length=150, required=False, allow_blank=True, help_text="A user; empty: nobody")
    team = serializers.CharField(max_length=63, required=False, allow_blank=True, help_text="Instead of a user")
    due_at = serializers.DateTimeField(required=False)
    title = serializers.CharField(max_length=MAX_TITLE, required=False)
    note = serializers.CharField(max_length=MAX_NOTE, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two owners."""
        return _with_one_owner(attrs)


class ActionsChangeSerializer(StrictSerializer):
    """The same change of several actions. What binds is lifted one by one: by two people each."""

    numbers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_NUMBER), min_length=1, max_length=MAX_CHANGED
    )
    state = serializers.ChoiceField(
        choices=[state for state in STORED if state != ActionState.REVERTED], required=False
    )
    owner = serializers.CharField(max_length=150, required=False, allow_blank=True, help_text="A user; empty: nobody")
    team = serializers.CharField(max_length=63, required=False, allow_blank=True, help_text="Instead of a user")
    due_at = serializers.DateTimeField(required=False)
    note = serializers.CharField(max_length=MAX_NOTE, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two owners."""
        return _with_one_owner(attrs)


class ChangedSerializer(serializers.Serializer[Any]):
    results = ActionSerializer(many=True)


class TakingSerializer(StrictSerializer):
    keys = serializers.ListField(
        child=serializers.CharField(max_length=71),
        required=False,
        allow_null=True,
        max_length=MAX_TAKEN,
        help_text="Absent: all that is proposed",
    )


class TakenSerializer(serializers.Serializer[Any]):
    actions = ActionSerializer(many=True)
    known_count = serializers.IntegerField(help_text="Keys that were taken before, or that nothing proposes any more")


class ActionListView(APIView):
    # A team moves its own actions, as below.
    permission_classes = [
        RequireScope(
            "incidents:read", by_method={"POST": ("incidents:write",), "PATCH": ("incidents:write", "evidence:write")}
        ),
    ]

    @extend_schema(
        operation_id="incidents_actions_list",
        parameters=[
            *PAGE_QUERY,
            OpenApiParameter("state", enum=list(STORED)),
            OpenApiParameter("kind", enum=list(ActionKind)),
        ],
        responses=page_of(ActionSerializer),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """What is to be done, in the order it was made. A team's member sees what is theirs."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"state", "kind"})
        incident = visible_incident(request, public_id)
        rows = actions_for(incident, actor=actor_of(request))
        if (state := read_choice(request, "state", allowed=list(STORED))) is not None:
            rows = rows.filter(state=state)
        if (kind := read_choice(request, "kind", allowed=list(ActionKind))) is not None:
            rows = rows.filter(kind=kind)
        page = read_page(rows, request=request, order=("number",))
        return Response({"results": _shown(page.rows, incident), "next": page.next})

    @extend_schema(
        operation_id="incidents_actions_make",
        request=NewActionSerializer,
        responses={201: ActionSerializer, **refusals(409)},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make an action that no answer proposed."""
        reject_unknown_parameters(request, ())
        serializer = NewActionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        given["kind"] = ActionKind(given["kind"])
        action = make_action(public_id, NewAction(**given), actor=actor_of(request), at=timezone.now())
        return _answered(action, status=201)

    @extend_schema(
        operation_id="incidents_actions_change_several",
        request=ActionsChangeSerializer,
        responses={200: ChangedSerializer, **refusals(409)},
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Move several actions, give them to somebody, put them off: all of them, or none where one is refused."""
        reject_unknown_parameters(request, ())
        serializer = ActionsChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        numbers, wanted = given.pop("numbers"), _wanted(given)
        changed = change_actions(public_id, numbers, wanted, actor=actor_of(request), at=timezone.now())
        return Response({"results": ActionSerializer(changed, many=True).data})


class ActionView(APIView):
    # A team moves its own actions: who may send evidence in its name. incidents/response/actions.py decides.
    permission_classes = [
        RequireScope("incidents:read", by_method={"PATCH": ("incidents:write", "evidence:write")}),
    ]

    @extend_schema(operation_id="incidents_actions_read", responses=ActionSerializer)
    def get(self, request: Request, public_id: UUID, number: int) -> Response:
        """One action. `ETag` names its version, for `If-Match` of a change."""
        reject_unknown_parameters(request, ())
        incident = visible_incident(request, public_id)
        action = actions_for(incident, actor=actor_of(request)).filter(number=number).first()
        if action is None:
            raise Http404
        action.incident = incident
        return _answered(action)

    @extend_schema(
        operation_id="incidents_actions_change",
        parameters=[IF_MATCH],
        request=ActionChangeSerializer,
        responses={200: ActionSerializer, **refusals(409, 412)},
    )
    def patch(self, request: Request, public_id: UUID, number: int) -> Response:
        """Move an action, give it to somebody, put it off. A team's member moves the team's own, open or done."""
        reject_unknown_parameters(request, ())
        serializer = ActionChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        action = change_action(
            public_id,
            number,
            _wanted(serializer.validated_data),
            actor=actor_of(request),
            at=timezone.now(),
            version=read_version(request),
        )
        return _answered(action)


class ProposedActionsView(APIView):
    permission_classes = [RequireScope("incidents:read", by_method={"POST": ("incidents:write",)})]

    @extend_schema(operation_id="incidents_actions_proposed", responses=ProposalsSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """What the newest answer gives rise to, and no action does yet."""
        reject_unknown_parameters(request, ())
        incident, actor = visible_incident(request, public_id), actor_of(request)
        answer = newest_answer(incident)
        slugs = set(Team.objects.filter(pk__in=sorted(actor.team_ids or ())).values_list("slug", flat=True))
        found = propose(incident, answer=answer, asked_at=timezone.now(), actor=actor)
        shown = seen_by(found, incident=incident, actor=actor, slugs=slugs)
        return Response({"run": answer.number, "results": ProposalSerializer(shown, many=True).data})

    @extend_schema(
        operation_id="incidents_actions_take",
        request=TakingSerializer,
        responses={200: TakenSerializer, **refusals(409)},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Make actions of what is proposed, all or those named. Taking the same twice makes nothing twice."""
        reject_unknown_parameters(request, ())
        serializer = TakingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        keys = serializer.validated_data.get("keys")
        taken = take_proposals(public_id, keys, actor=actor_of(request), at=timezone.now())
        return Response({"actions": ActionSerializer(taken.actions, many=True).data, "known_count": taken.known_count})


def _wanted(given: Mapping[str, Any]) -> ActionWanted:
    state = given.get("state")
    return ActionWanted(**{**given, "state": None if state is None else ActionState(state)})


def _with_one_owner(attrs: dict[str, Any]) -> dict[str, Any]:
    if attrs.get("owner") and attrs.get("team"):
        raise serializers.ValidationError({"team": ["A person or a team does it, not both."]}, code="two_owners")
    return attrs


def visible_incident(request: Request, public_id: UUID) -> Incident:
    """Return an incident that the asker may see; raises Http404."""
    incident = Incident.objects.visible_to(actor_of(request)).filter(public_id=public_id).first()
    if incident is None:
        raise Http404
    return incident


def _shown(actions: Iterable[ContainmentAction], incident: Incident) -> Any:
    rows = list(actions)
    for action in rows:
        action.incident = incident
    return ActionSerializer(rows, many=True).data


def _answered(action: ContainmentAction, *, status: int = 200) -> Response:
    return Response(ActionSerializer(action).data, status=status, headers={"ETag": f'"{action.version}"'})
