"""Access over the API: who am I, keys, the audit log."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from supplychain.access.actors import Actor, actor_of
from supplychain.access.keys import Bindings, NewKey, make_key, revoke_key
from supplychain.access.models import ApiKey, AuditEvent, Team, User
from supplychain.access.permissions import RequireScope
from supplychain.access.scopes import Scope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import read_text, read_time, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of
from supplychain.api.serializers import StrictSerializer
from supplychain.errors import DomainError


class KeyDelegationError(DomainError):
    """A key asked for another key that could do more than itself."""

    def __init__(self, message: str) -> None:
        super().__init__("key_delegation_refused", message, status=403)


class MeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["key", "user"])
    actor = serializers.CharField(help_text="Such as `key:ab12cd34` or `user:alice`, as in the audit log")
    teams = serializers.ListField(child=serializers.CharField(), help_text="Slugs; with `sees_all_teams` one's own")
    sees_all_teams = serializers.BooleanField()
    organisation_role = serializers.CharField(allow_null=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    repositories = serializers.ListField(child=serializers.CharField())
    clusters = serializers.ListField(child=serializers.CharField())
    environments = serializers.ListField(child=serializers.CharField())
    kinds = serializers.ListField(child=serializers.CharField())


class MeView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who this key or session is, and what it may do."""
        reject_unknown_parameters(request, ())
        return Response(_me(actor_of(request), user=request.user))


class KeySerializer(serializers.ModelSerializer[ApiKey]):
    id = serializers.UUIDField(source="public_id")
    team = serializers.SlugRelatedField[Team](slug_field="slug", read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = [
            "id", "lookup", "name", "team", "state", "scopes", "sees_all_teams", "repositories", "clusters",
            "environments", "kinds", "created_at", "expires_at", "revoked_at", "last_used_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return "revoked"
        at: datetime = self.context["at"]
        return "expired" if key.expires_at is not None and key.expires_at <= at else "active"


class NewKeySerializer(KeySerializer):
    key = serializers.CharField(read_only=True, help_text="The key itself. It is shown this once and kept nowhere.")

    class Meta(KeySerializer.Meta):
        fields = [*KeySerializer.Meta.fields, "key"]
        read_only_fields = fields


class KeyRequestSerializer(StrictSerializer):
    """What a key is made from; a name that is not here is refused, not ignored."""

    team = serializers.CharField(max_length=63, required=False, help_text="Slug; by default the key's own team")
    name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), allow_empty=False)
    repositories = serializers.ListField(child=serializers.CharField(max_length=1024), max_length=1000, default=list)
    clusters = serializers.ListField(child=serializers.CharField(max_length=255), max_length=1000, default=list)
    environments = serializers.ListField(child=serializers.CharField(max_length=255), max_length=1000, default=list)
    kinds = serializers.ListField(child=serializers.CharField(max_length=32), max_length=100, default=list)
    sees_all_teams = serializers.BooleanField(default=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class KeyListView(APIView):
    permission_classes = [RequireScope(Scope.ADMIN)]

    @extend_schema(operation_id="keys_list", parameters=PAGE_QUERY, responses=page_of(KeySerializer))
    def get(self, request: Request) -> Response:
        """The keys of one's teams, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        page = read_page(_visible_keys(actor_of(request)), request=request, order=("-public_id",))
        serializer = KeySerializer(page.rows, many=True, context={"at": timezone.now()})
        return Response({"results": serializer.data, "next": page.next})

    @extend_schema(operation_id="keys_create", request=KeyRequestSerializer, responses={201: NewKeySerializer})
    def post(self, request: Request) -> Response:
        """Make a key. The answer is the only place where its text is ever shown."""
        reject_unknown_parameters(request, ())
        serializer = KeyRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        at = timezone.now()
        new = _make_for(actor_of(request), asked=serializer.validated_data, at=at)
        body = {**KeySerializer(new.row, context={"at": at}).data, "key": new.text}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})


class KeyRevokeView(APIView):
    permission_classes = [RequireScope(Scope.ADMIN)]

    @extend_schema(operation_id="keys_revoke", request=None, responses=KeySerializer)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Revoke a key from the next request on. A second time changes nothing and answers the same."""
        reject_unknown_parameters(request, ())
        actor, at = actor_of(request), timezone.now()
        key = _visible_keys(actor).filter(public_id=public_id).first()
        if key is None:
            raise Http404
        revoke_key(key, actor=actor, at=at)
        return Response(KeySerializer(key, context={"at": at}).data)


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    team = serializers.SlugRelatedField[Team](slug_field="slug", read_only=True)
    details = serializers.SerializerMethodField()
    hash = serializers.SerializerMethodField()
    previous_hash = serializers.SerializerMethodField()

    class Meta:
        model = AuditEvent
        fields = ["sequence", "at", "team", "actor", "action", "subject", "details", "previous_hash", "hash", "body"]
        read_only_fields = fields

    def get_details(self, event: AuditEvent) -> dict[str, Any]:
        details: dict[str, Any] = json.loads(event.body)["details"]
        return details

    def get_hash(self, event: AuditEvent) -> str:
        return "sha256:" + bytes(event.hash).hex()

    def get_previous_hash(self, event: AuditEvent) -> str:
        return "sha256:" + bytes(event.previous_hash).hex()


class AuditListView(APIView):
    permission_classes = [RequireScope(Scope.ADMIN)]

    @extend_schema(
        operation_id="audit_list",
        parameters=[
            *PAGE_QUERY,
            OpenApiParameter("action", str, description="Such as `key.created`"),
            OpenApiParameter("subject", str, description="What it was done to: an id, a digest, a name"),
            OpenApiParameter("actor", str, description="Such as `key:ab12cd34` or `user:alice`"),
            OpenApiParameter("since", datetime, description="At or after this time"),
        ],
        responses=page_of(AuditEventSerializer),
    )
    def get(self, request: Request) -> Response:
        """What was done for one's teams, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"action", "subject", "actor", "since"})
        events = _audit_events(request)
        page = read_page(events, request=request, order=("-sequence",))
        return Response({"results": AuditEventSerializer(page.rows, many=True).data, "next": page.next})


def _me(actor: Actor, *, user: object) -> dict[str, object]:
    teams = Team.objects.filter(pk__in=actor.write_team_ids | (actor.team_ids or frozenset()))
    return {
        "kind": actor.kind,
        "actor": actor.label,
        "teams": list(teams.order_by("slug").values_list("slug", flat=True)),
        "sees_all_teams": actor.sees_all,
        "organisation_role": user.organisation_role if isinstance(user, User) else None,
        "scopes": sorted(actor.scopes),
        "repositories": sorted(actor.repository_bindings),
        "clusters": sorted(actor.cluster_bindings),
        "environments": sorted(actor.environment_bindings),
        "kinds": sorted(actor.kind_bindings),
    }


def _visible_keys(actor: Actor) -> QuerySet[ApiKey]:
    return ApiKey.objects.visible_to(actor).select_related("team")


def _make_for(actor: Actor, *, asked: dict[str, Any], at: datetime) -> NewKey:
    team = _team_for(actor, slug=asked.get("team"))
    if actor.is_bound:
        raise KeyDelegationError("A key that is bound to repositories, clusters, environments or kinds makes no keys.")
    if asked["sees_all_teams"] and not actor.sees_all:
        raise KeyDelegationError("Only who sees all teams makes a key that does.")
    bindings = Bindings(**{name: tuple(asked[name]) for name in ("repositories", "clusters", "environments", "kinds")})
    return make_key(
        team,
        scopes=asked["scopes"],
        actor=actor,
        at=at,
        bindings=bindings,
        name=asked["name"],
        expires_at=asked["expires_at"],
        sees_all_teams=asked["sees_all_teams"],
    )


def _team_for(actor: Actor, *, slug: str | None) -> Team:
    """Return the team a key is asked for; another's answers like one that does not exist."""
    visible = Team.objects.all() if actor.team_ids is None else Team.objects.filter(pk__in=actor.team_ids)
    team = visible.filter(slug=slug).first() if slug is not None else _own_team(actor)
    if team is None:
        message = "Name a team." if slug is None else "There is no such team."
        raise serializers.ValidationError({"team": [serializers.ErrorDetail(message, "unknown_team")]})
    return team


def _own_team(actor: Actor) -> Team | None:
    return None if actor.team_id is None else Team.objects.filter(pk=actor.team_id).first()


def _audit_events(request: Request) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.visible_to(actor_of(request)).select_related("team")
    for name in ("action", "subject", "actor"):
        if (text := read_text(request, name)) is not None:
            events = events.filter(**{name: text})
    if (since := read_time(request, "since")) is not None:
        events = events.filter(at__gte=since)
    return events
