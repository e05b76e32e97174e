"""Trusted signers and compromises over HTTP (docs/trust.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.models import Compromise, CompromiseKind, SignerDecision, SignerState, TrustedSigner
from inventory.verification import registry
from inventory.verification.compromises import Declaration, declare, lift
from inventory.verification.people import check_person
from supplychain.access.actors import actor_of
from supplychain.access.models import Team
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import read_choice, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

# Whom the organisation trusts is policy. Who runs an incident may narrow it, at once.
READ = ("policy:read",)
WIDEN = ("policy:write",)
NARROW = ("policy:write", "incidents:write")
MAX_NOTE = 2_000
_STATED = (
    "issuer", "identity", "identity_pattern", "public_key", "builder_id", "repository", "repository_id", "owner_id",
    "ref_pattern", "workflow_path", "build_type", "runner_environment", "events", "parameters", "maximum_level",
    "valid_from", "valid_to",
)  # fmt: skip


class SignerDecisionSerializer(serializers.ModelSerializer[SignerDecision]):
    user = serializers.CharField(source="user.username", allow_null=True, help_text="Null: the product, on sight")

    class Meta:
        model = SignerDecision
        fields = ["user", "action", "at", "note"]
        read_only_fields = fields


class SignerSerializer(serializers.ModelSerializer[TrustedSigner]):
    id = serializers.UUIDField(source="public_id")
    team = serializers.CharField(source="team.slug", allow_null=True, help_text="Null: for all teams")
    decisions = SignerDecisionSerializer(many=True)
    accepts_needed = serializers.SerializerMethodField()

    class Meta:
        model = TrustedSigner
        fields = [
            "id", "name", "state", "team", "is_production", *_STATED, "key_fingerprint", "created_at",
            "accepts_needed", "decisions",
        ]  # fmt: skip
        read_only_fields = fields

    def get_accepts_needed(self, signer: TrustedSigner) -> int:
        """Return how many people must still accept it."""
        if signer.state != SignerState.PROPOSED:
            return 0
        given = sum(decision.action == "accept" for decision in signer.decisions.all())
        return (registry.ACCEPTS_FOR_PRODUCTION if signer.is_production else 1) - given


class NewSignerSerializer(StrictSerializer):
    """What is empty or left out is not asked for. An issuer with an identity or a pattern, or a public key."""

    name = serializers.CharField(max_length=255)
    team = serializers.CharField(max_length=63, required=False, allow_null=True, default=None)
    is_production = serializers.BooleanField(default=True)
    maximum_level = serializers.IntegerField(min_value=1, max_value=3, default=2)
    issuer = serializers.CharField(max_length=1024, default="", allow_blank=True)
    identity = serializers.CharField(max_length=2048, default="", allow_blank=True)
    identity_pattern = serializers.CharField(max_length=512, default="", allow_blank=True)
    public_key = serializers.CharField(max_length=16_384, default="", allow_blank=True)
    builder_id = serializers.CharField(max_length=1024, default="", allow_blank=True)
    repository = serializers.CharField(max_length=1024, default="", allow_blank=True)
    repository_id = serializers.CharField(max_length=64, default="", allow_blank=True)
    owner_id = serializers.CharField(max_length=64, default="", allow_blank=True)
    ref_pattern = serializers.CharField(max_length=512, default="", allow_blank=True)
    workflow_path = serializers.CharField(max_length=1024, default="", allow_blank=True)
    build_type = serializers.CharField(max_length=1024, default="", allow_blank=True)
    runner_environment = serializers.CharField(max_length=255, default="", allow_blank=True)
    events = serializers.ListField(child=serializers.CharField(max_length=255), max_length=50, default=list)
    parameters = serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=200, required=False, allow_null=True, default=None
    )
    valid_from = serializers.DateTimeField(required=False, allow_null=True, default=None)
    valid_to = serializers.DateTimeField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=MAX_NOTE, default="", allow_blank=True)


class DecisionSerializer(StrictSerializer):
    note = serializers.CharField(max_length=MAX_NOTE, default="", allow_blank=True)


class RevocationSerializer(DecisionSerializer):
    compromised_since = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="What it signed since then proves nothing"
    )


class CompromiseSerializer(serializers.ModelSerializer[Compromise]):
    id = serializers.UUIDField(source="public_id")
    declared_by = serializers.CharField(source="declared_by.username")
    lift_proposed_by = serializers.CharField(source="lift_proposed_by.username", allow_null=True)
    lifted_by = serializers.CharField(source="lifted_by.username", allow_null=True)

    class Meta:
        model = Compromise
        fields = [
            "id", "kind", "issuer", "value", "since", "until", "reason", "incident", "declared_by", "declared_at",
            "lift_proposed_by", "lifted_by", "lifted_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewCompromiseSerializer(StrictSerializer):
    kind = serializers.ChoiceField(choices=[kind.value for kind in CompromiseKind])
    value = serializers.CharField(max_length=2048)
    issuer = serializers.CharField(max_length=1024, default="", allow_blank=True)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=MAX_NOTE)
    incident = serializers.UUIDField(required=False, allow_null=True, default=None)


class SignerListView(APIView):
    permission_classes = [RequireScope(*READ, by_method={"POST": WIDEN})]

    @extend_schema(
        operation_id="signers_list",
        parameters=[*PAGE_QUERY, OpenApiParameter("state", enum=[state.value for state in SignerState])],
        responses=page_of(SignerSerializer),
    )
    def get(self, request: Request) -> Response:
        """Trusted and proposed signers, newest first: those of the organisation and of one's teams."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"state"})
        rows = _signers(request)
        if (state := read_choice(request, "state", allowed=[state.value for state in SignerState])) is not None:
            rows = rows.filter(state=state)
        page = read_page(rows, request=request, order=("-public_id",))
        return Response({"results": SignerSerializer(page.rows, many=True).data, "next": page.next})

    @extend_schema(operation_id="signers_propose", request=NewSignerSerializer, responses={201: SignerSerializer})
    def post(self, request: Request) -> Response:
        """Propose a signer. It counts for nothing until people accept it: one, or two where it is for production."""
        reject_unknown_parameters(request, ())
        check_person(actor_of(request))
        serializer = NewSignerSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        note, slug = given.pop("note"), given.pop("team")
        actor = actor_of(request)
        new = registry.NewSigner(**given, team_id=None if slug is None else _team(slug, request=request))
        signer = registry.propose(new, actor=actor, at=timezone.now(), note=note)
        return _signer(request, signer.public_id, status=201)


class SignerView(APIView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(operation_id="signers_read", responses=SignerSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One signer, with everything that was decided about it."""
        reject_unknown_parameters(request, ())
        return _signer(request, public_id)


class SignerAcceptView(APIView):
    permission_classes = [RequireScope(*WIDEN)]

    @extend_schema(
        operation_id="signers_accept", request=DecisionSerializer, responses={200: SignerSerializer, **refusals(409)}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Accept a proposed signer; what it signed is judged anew once enough people have."""
        return _decide(request, public_id, registry.accept, DecisionSerializer)


class SignerRejectView(APIView):
    permission_classes = [RequireScope(*WIDEN)]

    @extend_schema(
        operation_id="signers_reject", request=DecisionSerializer, responses={200: SignerSerializer, **refusals(409)}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say that a proposed signer is not to be trusted."""
        return _decide(request, public_id, registry.reject, DecisionSerializer)


class SignerRevokeView(APIView):
    permission_classes = [RequireScope(*NARROW)]

    @extend_schema(
        operation_id="signers_revoke", request=RevocationSerializer, responses={200: SignerSerializer, **refusals(409)}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Trust a signer no more, and with `compromised_since` nothing that it signed since then."""
        return _decide(request, public_id, registry.revoke, RevocationSerializer)


class CompromiseListView(APIView):
    permission_classes = [RequireScope(*READ, by_method={"POST": NARROW})]

    @extend_schema(operation_id="compromises_list", parameters=PAGE_QUERY, responses=page_of(CompromiseSerializer))
    def get(self, request: Request) -> Response:
        """What was declared to be in an attacker's hands, newest first; the organisation's, known to all."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        rows = Compromise.objects.select_related("declared_by", "lift_proposed_by", "lifted_by")
        page = read_page(rows, request=request, order=("-public_id",))
        return Response({"results": CompromiseSerializer(page.rows, many=True).data, "next": page.next})

    @extend_schema(
        operation_id="compromises_declare", request=NewCompromiseSerializer, responses={201: CompromiseSerializer}
    )
    def post(self, request: Request) -> Response:
        """Declare a compromise: it binds at once, and what it touches is judged anew."""
        reject_unknown_parameters(request, ())
        serializer = NewCompromiseSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        declared = Declaration(**{**given, "kind": CompromiseKind(given["kind"])})
        compromise = declare(declared, actor=actor_of(request), at=timezone.now())
        return Response(CompromiseSerializer(compromise).data, status=201)


class CompromiseLiftView(APIView):
    permission_classes = [RequireScope(*NARROW)]

    @extend_schema(
        operation_id="compromises_lift", request=None, responses={200: CompromiseSerializer, **refusals(409)}
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Ask for the end of a compromise; a second person agrees by the same."""
        reject_unknown_parameters(request, ())
        return Response(CompromiseSerializer(lift(public_id, actor=actor_of(request), at=timezone.now())).data)


def _decide(request: Request, public_id: UUID, decide: Any, kind: type[StrictSerializer]) -> Response:
    reject_unknown_parameters(request, ())
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    decide(public_id, actor=actor_of(request), at=timezone.now(), **serializer.validated_data)
    return _signer(request, public_id)


def _signers(request: Request) -> Any:
    decisions = SignerDecision.objects.select_related("user").order_by("at", "id")
    visible = TrustedSigner.objects.visible_to(actor_of(request)).select_related("team")
    return visible.prefetch_related(Prefetch("decisions", queryset=decisions))


def _signer(request: Request, public_id: UUID, *, status: int = 200) -> Response:
    signer = _signers(request).filter(public_id=public_id).first()
    if signer is None:
        raise Http404
    return Response(SignerSerializer(signer).data, status=status)


def _team(slug: str, *, request: Request) -> int:
    actor = actor_of(request)
    team = Team.objects.filter(slug=slug).first()
    if team is None or (actor.team_ids is not None and team.pk not in actor.team_ids):
        error = serializers.ErrorDetail("There is no such team.", "unknown_team")
        raise serializers.ValidationError({"team": [error]})
    return team.pk
