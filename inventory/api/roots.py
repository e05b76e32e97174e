"""Roots of trust over HTTP: their versions, and how two people change them (docs/verification.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.models import TrustRootVersion
from inventory.trust.root_shape import PartKind
from inventory.verification import roots
from inventory.verification.people import person_of
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.serializers import StrictSerializer

if TYPE_CHECKING:
    from rest_framework.request import Request

READ = ("policy:read",)
WIDEN = ("policy:write",)


class RootVersionSerializer(serializers.ModelSerializer[TrustRootVersion]):
    name = serializers.CharField(source="root.name")
    state = serializers.SerializerMethodField()
    proposed_by = serializers.CharField(source="proposed_by.username", allow_null=True, help_text="Null: an operator")
    approved_by = serializers.CharField(source="approved_by.username", allow_null=True)

    class Meta:
        model = TrustRootVersion
        fields = [
            "name", "number", "state", "digest", "proposed_by", "proposed_at", "approved_by", "active_from",
            "retired_at", "withdrawn_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_state(self, version: TrustRootVersion) -> str:
        """Return `proposed`, `withdrawn`, `active` or `retired`; active ones alone are believed."""
        return version.state


class RootPartSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(source="part.kind", choices=[kind.value for kind in PartKind])
    name = serializers.CharField(source="part.name", allow_blank=True)
    fingerprint = serializers.CharField(source="part.fingerprint", help_text="Of its last certificate, or its key")
    valid_from = serializers.CharField(source="part.valid_from", allow_blank=True)
    valid_to = serializers.CharField(source="part.valid_to", allow_blank=True)
    is_new = serializers.BooleanField(help_text="No other active version of this root believes it")


class RootVersionDetailSerializer(RootVersionSerializer):
    believes = serializers.SerializerMethodField()

    class Meta(RootVersionSerializer.Meta):
        fields = [*RootVersionSerializer.Meta.fields, "believes"]
        read_only_fields = fields

    def get_believes(self, version: TrustRootVersion) -> list[dict[str, Any]]:
        """Return its authorities and logs."""
        return [dict(row) for row in RootPartSerializer(roots.compared(version), many=True).data]


class NewRootSerializer(StrictSerializer):
    name = serializers.SlugField(max_length=64)
    trusted_root = serializers.CharField(
        max_length=roots.MAX_ROOT_BYTES, trim_whitespace=False, help_text="The text of a trusted_root.json"
    )


class RootListView(APIView):
    permission_classes = [RequireScope(*READ, by_method={"POST": WIDEN})]

    @extend_schema(operation_id="roots_list", parameters=PAGE_QUERY, responses=page_of(RootVersionSerializer))
    def get(self, request: Request) -> Response:
        """Every version of every root of trust, newest first; the organisation's, known to all."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        page = read_page(roots.list_versions().defer("data"), request=request, order=("-id",))
        return Response({"results": RootVersionSerializer(page.rows, many=True).data, "next": page.next})

    @extend_schema(
        operation_id="roots_propose",
        request=NewRootSerializer,
        responses={201: RootVersionDetailSerializer, **refusals(409, 422)},
    )
    def post(self, request: Request) -> Response:
        """Propose a version. It believes nobody until another person approves it."""
        reject_unknown_parameters(request, ())
        person = person_of(actor_of(request))
        serializer = NewRootSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        version = roots.propose(given["name"], given["trusted_root"].encode(), user=person, at=timezone.now())
        return Response(RootVersionDetailSerializer(version).data, status=201)


class RootView(APIView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(operation_id="roots_read", responses=RootVersionDetailSerializer)
    def get(self, request: Request, name: str, number: int) -> Response:
        """One version, and whom it believes."""
        reject_unknown_parameters(request, ())
        return Response(RootVersionDetailSerializer(roots.find_version(name, number)).data)


class RootRawView(APIView):
    permission_classes = [RequireScope(*READ)]

    @extend_schema(operation_id="roots_raw", responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, name: str, number: int) -> HttpResponse:
        """The file of one version, byte for byte."""
        reject_unknown_parameters(request, ())
        return HttpResponse(bytes(roots.find_version(name, number).data), content_type="application/json")


class RootApproveView(APIView):
    permission_classes = [RequireScope(*WIDEN)]

    @extend_schema(
        operation_id="roots_approve", request=None, responses={200: RootVersionDetailSerializer, **refusals(409)}
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """Make another person's proposal count; everything is verified anew."""
        return _decide(request, name, number, roots.approve)


class RootWithdrawView(APIView):
    permission_classes = [RequireScope(*WIDEN)]

    @extend_schema(
        operation_id="roots_withdraw", request=None, responses={200: RootVersionDetailSerializer, **refusals(409)}
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """Take a proposal back; it never counted, so one person is enough."""
        return _decide(request, name, number, roots.withdraw)


class RootRetireView(APIView):
    permission_classes = [RequireScope(*WIDEN)]

    @extend_schema(
        operation_id="roots_retire", request=None, responses={200: RootVersionDetailSerializer, **refusals(409)}
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """Let a version count no more: what it alone verified cannot be judged afterwards."""
        return _decide(request, name, number, roots.retire)


def _decide(request: Request, name: str, number: int, decide: Any) -> Response:
    reject_unknown_parameters(request, ())
    person = person_of(actor_of(request))
    version = roots.find_version(name, number)
    decide(version, user=person, at=timezone.now())
    return Response(RootVersionDetailSerializer(version).data)
