"""Channels and deliveries over HTTP (docs/notifications.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from supplychain.access.actors import actor_of
from supplychain.access.models import Team
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import read_choice, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.serializers import StrictSerializer
from supplychain.notify import channels
from supplychain.notify.channels import Changes, ChannelNotFoundError, Filters
from supplychain.notify.models import Channel, ChannelKind, Delivery, DeliveryAttempt, DeliveryState

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

READ = ("incidents:read",)
# A team's own people, and who runs incidents or the installation; channels.py asks which of them.
MANAGE = ("incidents:write", "evidence:write", "admin")
MAX_NAME, MAX_TARGET, MAX_FILTER = 100, 2_000, 50
_FILTERS = ("event_kinds", "severities", "environments", "only_production")


class ChannelSerializer(serializers.ModelSerializer[Channel]):
    """A channel. Of its address only what is no secret is ever shown."""

    id = serializers.UUIDField(source="public_id")
    team = serializers.CharField(source="team.slug", allow_null=True, help_text="Null: of the organisation")
    target = serializers.CharField(source="shown_target")

    class Meta:
        model = Channel
        fields = [
            "id", "name", "kind", "team", "target", *_FILTERS, "is_paused", "failure_count", "rests_until",
            "created_by", "created_at", "ended_at",
        ]  # fmt: skip
        read_only_fields = fields


class ChannelMadeSerializer(ChannelSerializer):
    """A channel with its new signing key, which is shown this once."""

    signing_key = serializers.CharField(allow_null=True, help_text="Webhooks: shown now, and never again")

    class Meta(ChannelSerializer.Meta):
        fields = [*ChannelSerializer.Meta.fields, "signing_key"]
        read_only_fields = fields


class _FilterFields(StrictSerializer):
    event_kinds = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=MAX_FILTER, required=False, help_text="Empty: all"
    )
    severities = serializers.ListField(
        child=serializers.ChoiceField(choices=list(channels.SEVERITIES)), max_length=4, required=False
    )
    environments = serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=MAX_FILTER, required=False
    )
    only_production = serializers.BooleanField(required=False)


class NewChannelSerializer(_FilterFields):
    name = serializers.CharField(max_length=MAX_NAME)
    kind = serializers.ChoiceField(choices=[kind.value for kind in ChannelKind])
    target = serializers.CharField(max_length=MAX_TARGET, help_text="An https address; mail addresses with commas")
    team = serializers.CharField(max_length=63, required=False, allow_null=True, default=None)


class ChannelChangeSerializer(_FilterFields):
    """What the body leaves out stays."""

    name = serializers.CharField(max_length=MAX_NAME, required=False)
    target = serializers.CharField(max_length=MAX_TARGET, required=False)
    is_paused = serializers.BooleanField(required=False)


class AttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    class Meta:
        model = DeliveryAttempt
        fields = ["number", "at", "took_ms", "status", "problem"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message for one channel, and what became of it."""

    id = serializers.UUIDField(source="public_id")
    channel = serializers.UUIDField(source="channel.public_id")
    replay_of = serializers.UUIDField(source="replay_of.public_id", allow_null=True)
    attempts = AttemptSerializer(many=True)
    body = serializers.DictField()

    class Meta:
        model = Delivery
        fields = [
            "id", "channel", "event_id", "kind", "subject", "title", "state", "attempt_count", "due_at", "created_at",
            "ended_at", "last_problem", "replay_of", "attempts", "body",
        ]  # fmt: skip
        read_only_fields = fields


class ChannelListView(APIView):
    permission_classes = [RequireScope(*READ, by_method={"POST": MANAGE})]

    @extend_schema(operation_id="channels_list", parameters=PAGE_QUERY, responses=page_of(ChannelSerializer))
    def get(self, request: Request) -> Response:
        """Where notifications go: the channels of one's teams, for who sees all teams those of the organisation too."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        rows = Channel.objects.visible_to(actor_of(request)).filter(ended_at__isnull=True).select_related("team")
        page = read_page(rows, request=request, order=("-public_id",))
        return Response({"results": ChannelSerializer(page.rows, many=True).data, "next": page.next})

    @extend_schema(operation_id="channels_make", request=NewChannelSerializer, responses={201: ChannelMadeSerializer})
    def post(self, request: Request) -> Response:
        """Make a channel. The answer holds the signing key of a webhook, this once."""
        reject_unknown_parameters(request, ())
        serializer = NewChannelSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        channels.check_may_manage_some(actor_of(request))
        made = channels.make_channel(
            given["name"],
            kind=ChannelKind(given["kind"]),
            target=given["target"],
            team=_team(request, given["team"]),
            filters=_filters(given) or Filters(),
            actor=actor_of(request),
            at=timezone.now(),
        )
        return _made(made, status=201)


class ChannelView(APIView):
    permission_classes = [RequireScope(*READ, by_method={"PATCH": MANAGE, "DELETE": MANAGE})]

    @extend_schema(operation_id="channels_read", responses=ChannelSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One channel."""
        reject_unknown_parameters(request, ())
        found = Channel.objects.visible_to(actor_of(request)).select_related("team").filter(public_id=public_id)
        channel = found.first()
        if channel is None:
            raise ChannelNotFoundError
        return Response(ChannelSerializer(channel).data)

    @extend_schema(operation_id="channels_change", request=ChannelChangeSerializer, responses=ChannelSerializer)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change name, address, filters, or pause it. Filters are given together: what is left out is everything."""
        reject_unknown_parameters(request, ())
        serializer = ChannelChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        changes = Changes(
            name=given.get("name"),
            target=given.get("target"),
            is_paused=given.get("is_paused"),
            filters=_filters(given),
        )
        channel = channels.change_channel(public_id, changes, actor=actor_of(request), at=timezone.now())
        return Response(ChannelSerializer(channel).data)

    @extend_schema(operation_id="channels_end", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """End a channel: what waits is given up, its deliveries stay on record."""
        reject_unknown_parameters(request, ())
        channels.end_channel(public_id, actor=actor_of(request), at=timezone.now())
        return Response(status=204)


class ChannelKeyView(APIView):
    permission_classes = [RequireScope(*MANAGE)]

    @extend_schema(
        operation_id="channels_rotate", request=None, responses={201: ChannelMadeSerializer, **refusals(409)}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Give a webhook a new key, shown this once. For a day both keys sign."""
        reject_unknown_parameters(request, ())
        return _made(channels.rotate_key(public_id, actor=actor_of(request), at=timezone.now()), status=201)


class ChannelTestView(APIView):
    permission_classes = [RequireScope(*MANAGE)]

    @extend_schema(operation_id="channels_test", request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Send a message that says who asked for it; the delivery tells what became of it."""
        reject_unknown_parameters(request, ())
        delivery = channels.send_test(public_id, actor=actor_of(request), at=timezone.now())
        return Response(DeliverySerializer(delivery).data, status=202)


class DeliveryListView(APIView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(
        operation_id="deliveries_list",
        parameters=[
            *PAGE_QUERY,
            OpenApiParameter("state", enum=[state.value for state in DeliveryState]),
            OpenApiParameter("channel", str, description="Of one channel, by its id"),
        ],
        responses=page_of(DeliverySerializer),
    )
    def get(self, request: Request) -> Response:
        """Everything that was to be delivered, newest first, with each try."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"state", "channel"})
        rows = visible_deliveries(request)
        if (state := read_choice(request, "state", allowed=[one.value for one in DeliveryState])) is not None:
            rows = rows.filter(state=state)
        if (channel := request.query_params.get("channel")) is not None:
            rows = rows.filter(channel__public_id=_uuid(channel))
        page = read_page(rows, request=request, order=("-public_id",))
        return Response({"results": DeliverySerializer(page.rows, many=True).data, "next": page.next})


class DeliveryView(APIView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(operation_id="deliveries_read", responses=DeliverySerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One delivery, with its tries and what was sent."""
        reject_unknown_parameters(request, ())
        delivery = visible_deliveries(request).filter(public_id=public_id).first()
        if delivery is None:
            raise ChannelNotFoundError("delivery")
        return Response(DeliverySerializer(delivery).data)


class DeliveryReplayView(APIView):
    permission_classes = [RequireScope(*MANAGE)]

    @extend_schema(operation_id="deliveries_replay", request=None, responses={202: DeliverySerializer, **refusals(409)})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Deliver once more what has ended, under the same event id."""
        reject_unknown_parameters(request, ())
        delivery = channels.replay(public_id, actor=actor_of(request), at=timezone.now())
        return Response(DeliverySerializer(delivery).data, status=202)


def visible_deliveries(request: Request) -> Any:
    """Return the deliveries of the channels that the asker may see, with what is shown of them."""
    visible = Channel.objects.visible_to(actor_of(request)).values("pk")
    tries = Prefetch("attempts", DeliveryAttempt.objects.order_by("number"))
    return Delivery.objects.filter(channel__in=visible).select_related("channel", "replay_of").prefetch_related(tries)


def _uuid(text: str) -> UUID:
    return serializers.UUIDField().to_internal_value(text)


def _team(request: Request, slug: str | None) -> Team | None:
    """Return the team of this slug among those that the asker sees."""
    if slug is None:
        return None
    actor = actor_of(request)
    teams = Team.objects.all() if actor.team_ids is None else Team.objects.filter(pk__in=actor.team_ids)
    team = teams.filter(slug=slug).first()
    if team is None:
        raise serializers.ValidationError({"team": [serializers.ErrorDetail("There is no such team.", "unknown_team")]})
    return team


def _filters(given: dict[str, Any]) -> Filters | None:
    """Return the filters of a body; None where it names none."""
    if not any(name in given for name in _FILTERS):
        return None
    return Filters(
        event_kinds=tuple(given.get("event_kinds", ())),
        severities=tuple(given.get("severities", ())),
        environments=tuple(given.get("environments", ())),
        only_production=given.get("only_production", False),
    )


def _made(made: channels.Made, *, status: int) -> Response:
    made.channel.signing_key = made.signing_key  # type: ignore[attr-defined]  # for the serializer alone
    return Response(ChannelMadeSerializer(made.channel).data, status=status)
