"""The public keys by which others check what this installation signed."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from supplychain.api.parameters import reject_unknown_parameters
from supplychain.signing import ALGORITHM, PublicKey, public_keys

PEM_MEDIA_TYPE = "application/x-pem-file"


class SigningKeySerializer(serializers.Serializer[Any]):
    key_id = serializers.CharField(help_text="`sha256:` of its SubjectPublicKeyInfo; `keyid` of a signature")
    algorithm = serializers.SerializerMethodField()
    is_current = serializers.BooleanField(help_text="Signs today; others signed before")
    public_key = serializers.CharField(source="pem", help_text="PEM", trim_whitespace=False)

    def get_algorithm(self, _key: PublicKey) -> str:
        return ALGORITHM


class SigningKeyListSerializer(serializers.Serializer[None]):
    results = SigningKeySerializer(many=True)


class SigningKeyListView(APIView):
    authentication_classes = ()
    permission_classes = [AllowAny]

    @extend_schema(operation_id="signing_keys", responses=SigningKeyListSerializer, auth=[])
    def get(self, request: Request) -> Response:
        """The keys with which this installation signs and signed, the one in use first. Public."""
        reject_unknown_parameters(request, ())
        return Response({"results": SigningKeySerializer(public_keys(), many=True).data})


class SigningKeyView(APIView):
    authentication_classes = ()
    permission_classes = [AllowAny]

    @extend_schema(operation_id="signing_key", responses={(200, PEM_MEDIA_TYPE): OpenApiTypes.STR}, auth=[])
    def get(self, request: Request, key_id: str) -> HttpResponse:
        """One public key in PEM, by its id, or `current` for the one in use. Public."""
        reject_unknown_parameters(request, ())
        found = next(
            (key for key in public_keys() if key.key_id == key_id or (key_id == "current" and key.is_current)), None
        )
        if found is None:
            raise Http404
        return HttpResponse(found.pem, content_type=PEM_MEDIA_TYPE)
