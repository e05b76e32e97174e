"""Evidence over HTTP: upload, receipt, raw bytes, retry."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.api.uploads import receive_upload
from inventory.graph.receipts import NEWEST_FIRST, ReceiptFilter, readable, receipts, tombstone_of
from inventory.graph.statements import bounded
from inventory.ingest.tries import failed_tries
from inventory.intake.receive import Parameters, put_back
from inventory.models import READABLE, Evidence, EvidenceKind, EvidenceTombstone, State
from inventory.store.blobs import open_stream
from inventory.store.errors import EvidenceRemovedError
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, read_page
from supplychain.api.parameters import (
    read_choice,
    read_digest,
    read_flag,
    read_text,
    read_texts,
    read_time,
    reject_unknown_parameters,
)
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.throttling import UploadThrottle
from supplychain.ops import log_context

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request
    from rest_framework.throttling import BaseThrottle

    from supplychain.access.actors import Actor

_TEXT_PARAMETERS = ("name", "version", "repository", "commit", "cluster", "environment")
_UPLOAD_PARAMETERS = frozenset({"kind", "artifact", "namespaces", "confirm_empty", "filename", *_TEXT_PARAMETERS})
_UPLOAD_QUERY = [
    OpenApiParameter("kind", enum=EvidenceKind.values, description="Refuse the document when it is something else"),
    OpenApiParameter("artifact", many=True, description="Digest the document is about; may repeat"),
    OpenApiParameter("name", description="Image reference or package name"),
    OpenApiParameter("version"),
    OpenApiParameter("repository"),
    OpenApiParameter("commit"),
    OpenApiParameter("cluster"),
    OpenApiParameter("environment"),
    OpenApiParameter("filename", description="Shown only"),
    OpenApiParameter("namespaces", many=True, description="What a Kubernetes list covers: `*` or names; may repeat"),
    OpenApiParameter("confirm_empty", bool, description="An empty snapshot means that nothing runs"),
]
_LIST_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("state", enum=State.values),
    OpenApiParameter("kind", description="What the document was found to be, such as `sbom`"),
    OpenApiParameter("artifact", description="Digest that the document is about"),
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="Received at this time or later"),
]
_READ_SCOPES = ("inventory:read", "evidence:write")


class AcceptedSerializer(serializers.ModelSerializer[Evidence]):
    """What a 202 promises to keep."""

    id = serializers.UUIDField(source="public_id")
    digest = serializers.CharField(source="blob_id")
    state = serializers.CharField(source="state.state")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Evidence
        fields = ["id", "digest", "size_bytes", "state", "received_at", "url", "audit_sequence"]
        read_only_fields = fields

    def get_url(self, evidence: Evidence) -> str:
        return f"/api/v1/evidence/{evidence.public_id}"


class DefectSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    pointer = serializers.CharField(
        allow_blank=True, help_text="Where in the document: a JSON pointer, an XPath or `line N`; empty for all of it"
    )
    message = serializers.CharField()


class SubmitterSerializer(serializers.Serializer[Any]):
    team = serializers.CharField()
    key = serializers.CharField(allow_null=True)


class SchemaVerdictSerializer(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    error_count = serializers.IntegerField()


class FailedTrySerializer(serializers.Serializer[Any]):
    """A try that failed by our fault, and what its worker could say of it."""

    attempt = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()
    error = serializers.CharField()
    place = serializers.CharField(help_text="Where in the code")
    worker = serializers.CharField(help_text="Host and process id")
    at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)


class RemovedSerializer(serializers.ModelSerializer[EvidenceTombstone]):
    """Since when the bytes are gone, and by which plan of retention; what the document said stays."""

    at = serializers.DateTimeField(source="removed_at")
    plan = serializers.UUIDField(source="plan.public_id")
    reason = serializers.CharField(source="plan.reason")

    class Meta:
        model = EvidenceTombstone
        fields = ["at", "plan", "reason"]
        read_only_fields = fields


class ReceiptSerializer(AcceptedSerializer):
    """A receipt, true at every moment (`docs/api.md`, Receipts)."""

    kind = serializers.CharField(source="state.kind")
    format = serializers.CharField(source="state.format")
    format_version = serializers.CharField(source="state.format_version")
    attempts = serializers.IntegerField(source="state.attempts")
    applied_at = serializers.DateTimeField(source="state.applied_at", allow_null=True)
    elapsed_seconds = serializers.SerializerMethodField()
    submitted_by = serializers.SerializerMethodField()
    schema = serializers.SerializerMethodField()
    artifacts = serializers.SerializerMethodField()
    counts = serializers.DictField(source="state.counts", child=serializers.IntegerField())
    understood = serializers.DictField(
        source="state.understood", help_text="What the document says of itself and of its subject, by kind"
    )
    warning_count = serializers.IntegerField(source="state.warning_count")
    warnings = DefectSerializer(source="state.warnings", many=True)
    error = DefectSerializer(source="state.error", allow_null=True)
    failed_tries = serializers.SerializerMethodField()

    removed = serializers.SerializerMethodField()

    class Meta(AcceptedSerializer.Meta):
        fields = [
            *AcceptedSerializer.Meta.fields, "kind", "format", "format_version", "media_type", "filename", "attempts",
            "applied_at", "elapsed_seconds", "submitted_by", "schema", "artifacts", "counts", "understood",
            "warning_count", "warnings", "error", "failed_tries", "removed",
        ]  # fmt: skip
        read_only_fields = fields

    def get_elapsed_seconds(self, evidence: Evidence) -> float | None:
        applied_at = evidence.state.applied_at
        return None if applied_at is None else round((applied_at - evidence.received_at).total_seconds(), 3)

    @extend_schema_field(FailedTrySerializer(many=True))
    def get_failed_tries(self, evidence: Evidence) -> list[dict[str, object]]:
        return list(failed_tries(evidence.state))

    @extend_schema_field(RemovedSerializer(allow_null=True))
    def get_removed(self, evidence: Evidence) -> dict[str, object] | None:
        tombstone = tombstone_of(evidence)
        return None if tombstone is None else dict(RemovedSerializer(tombstone).data)

    @extend_schema_field(SubmitterSerializer)
    def get_submitted_by(self, evidence: Evidence) -> dict[str, str | None]:
        return {"team": evidence.team.slug, "key": evidence.api_key.lookup if evidence.api_key else None}

    @extend_schema_field(SchemaVerdictSerializer(allow_null=True))
    def get_schema(self, evidence: Evidence) -> dict[str, object] | None:
        state = evidence.state
        return (
            None
            if state.schema_valid is None
            else {"valid": state.schema_valid, "error_count": state.schema_error_count}
        )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_artifacts(self, evidence: Evidence) -> list[str]:
        return evidence.state.subjects if evidence.state.state in READABLE else evidence.artifacts


class EvidenceListView(APIView):
    permission_classes = [RequireScope("inventory:read", by_method={"POST": ("evidence:write",), "GET": _READ_SCOPES})]

    def get_throttles(self) -> list[BaseThrottle]:
        return [UploadThrottle()] if self.request.method == "POST" else []

    @extend_schema(
        operation_id="evidence_upload",
        parameters=_UPLOAD_QUERY,
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={202: AcceptedSerializer, 200: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        """Keep a document. 202 is sent once it is durable; 200 when this team sent the same before."""
        return accept(request, parameters=read_parameters(request, allowed=_UPLOAD_PARAMETERS))

    @extend_schema(operation_id="evidence_list", parameters=_LIST_QUERY, responses=page_of(ReceiptSerializer))
    def get(self, request: Request) -> Response:
        """Receipts, newest first."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"state", "kind", "artifact", "since"})
        wanted = _read_filter(request)
        with bounded():
            page = read_page(receipts(wanted, actor=actor_of(request)), request=request, order=NEWEST_FIRST)
        return Response({"results": ReceiptSerializer(page.rows, many=True).data, "next": page.next})


class EvidenceView(APIView):
    permission_classes = [RequireScope(*_READ_SCOPES)]

    @extend_schema(operation_id="evidence_receipt", responses=ReceiptSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """The receipt of one document."""
        reject_unknown_parameters(request, ())
        return Response(ReceiptSerializer(find_evidence(public_id, actor=actor_of(request))).data)


class EvidenceRawView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="evidence_raw",
        parameters=[
            OpenApiParameter("ETag", response=[200], location=OpenApiParameter.HEADER, description="The digest"),
            OpenApiParameter(
                "Repr-Digest", response=[200], location=OpenApiParameter.HEADER, description="SHA-256, RFC 9530"
            ),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="`If-None-Match` names these bytes."),
            **refusals(410),
        },
    )
    def get(self, request: Request, public_id: UUID) -> HttpResponse | StreamingHttpResponse:
        """The exact bytes of one document, as received after multipart and Content-Encoding."""
        reject_unknown_parameters(request, ())
        return raw_response(find_evidence(public_id, actor=actor_of(request), with_bytes=True), request=request)


class EvidenceRetryView(APIView):
    permission_classes = [RequireScope("evidence:write")]

    @extend_schema(operation_id="evidence_retry", request=None, responses={202: ReceiptSerializer, **refusals(409)})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Put a rejected or quarantined document back into the queue."""
        reject_unknown_parameters(request, ())
        actor = actor_of(request)
        put_back(find_evidence(public_id, actor=actor), actor=actor, at=timezone.now())
        return Response(ReceiptSerializer(find_evidence(public_id, actor=actor)).data, status=202)


def accept(request: Request, *, parameters: Parameters) -> Response:
    """Receive the request's document and answer 202 for a new one, 200 for one this team sent before."""
    received = receive_upload(request, parameters=parameters)
    return Response(accepted(received.evidence), status=202 if received.is_new else 200)


def accepted(evidence: Evidence) -> dict[str, object]:
    """Return what AcceptedSerializer does, which asks the model for its fields each time; a test compares them."""
    return {
        "id": str(evidence.public_id),
        "digest": evidence.blob_id,
        "size_bytes": evidence.size_bytes,
        "state": evidence.state.state,
        "received_at": evidence.received_at,
        "url": f"/api/v1/evidence/{evidence.public_id}",
        "audit_sequence": evidence.audit_sequence,
    }


def read_parameters(request: Request, *, allowed: frozenset[str]) -> Parameters:
    """Read the query of an upload. Raises BadParameterError."""
    reject_unknown_parameters(request, allowed)
    texts = {name: read_text(request, name) or "" for name in _TEXT_PARAMETERS}
    namespaces = read_texts(request, "namespaces")
    return Parameters(
        kind=read_choice(request, "kind", allowed=EvidenceKind.values) or "",
        artifacts=read_texts(request, "artifact"),
        namespaces=namespaces or None,
        confirm_empty=read_flag(request, "confirm_empty", default=False),
        filename=request.query_params.get("filename", ""),  # shown only, so nothing in it refuses a document
        **texts,
    )


def find_evidence(public_id: UUID, *, actor: Actor, with_bytes: bool = False) -> Evidence:
    """Return one visible row with its state; raises Http404 for what is missing or another team's."""
    related = ["state", "team", "api_key", "tombstone__plan", *(["blob"] if with_bytes else [])]
    evidence = readable(actor).select_related(*related).filter(public_id=public_id).first()
    if evidence is None:
        raise Http404
    log_context.add(evidence_id=str(evidence.public_id))
    return evidence


def raw_response(evidence: Evidence, *, request: Request) -> HttpResponse | StreamingHttpResponse:
    """Answer with a document's bytes: never shown by a browser, always with the digest to check them by (RFC 9530)."""
    if tombstone_of(evidence) is not None:
        raise EvidenceRemovedError(evidence.blob_id)
    etag = f'"{evidence.blob_id}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    digest = base64.b64encode(bytes.fromhex(evidence.blob_id.removeprefix("sha256:"))).decode()
    return StreamingHttpResponse(
        open_stream(evidence.blob),
        content_type="application/octet-stream",
        headers={
            "ETag": etag,
            "Repr-Digest": f"sha-256=:{digest}:",
            "Content-Length": str(evidence.size_bytes),
            "Content-Disposition": f'attachment; filename="{evidence.public_id}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _read_filter(request: Request) -> ReceiptFilter:
    state = read_choice(request, "state", allowed=State.values)
    return ReceiptFilter(
        state=None if state is None else State(state),
        kind=read_text(request, "kind") or "",
        artifact=read_digest(request, "artifact") or "",
        since=read_time(request, "since"),
    )
