"""The attestations of an artifact over HTTP: claims, with how far they may be believed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.api.artifacts import read_digest_of_path
from inventory.formats.attestations.records import Envelope, Predicate
from inventory.graph.attestations import (
    AttestationKey,
    AttestationRow,
    list_attestations,
)
from inventory.graph.statements import bounded
from inventory.models.verification import OF_ATTESTATIONS
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of

if TYPE_CHECKING:
    from rest_framework.request import Request

_ENVELOPES = [envelope.value for envelope in Envelope]
_PREDICATES = [predicate.value for predicate in Predicate]


class AttestedSubjectSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(source="subject_digest")
    name = serializers.CharField(source="subject_name", allow_blank=True, help_text="Nobody's proof")
    relation = serializers.ChoiceField(
        choices=["same", "alias", "index", "payload"],
        help_text="How it belongs to the artifact asked for: another digest of the same bytes, an index that lists it, "
        "or (payload) the signature of a payload that came apart from it",
    )

    def to_representation(self, instance: AttestationRow) -> dict[str, Any]:
        return {
            "digest": instance.subject_digest,
            "name": instance.subject_name,
            "relation": instance.relation or "same",
        }


class SignaturesSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(source="signature_count", help_text="As found; none of them is verified")
    valid_signer_count = serializers.IntegerField(
        allow_null=True, help_text="Different signers with a good signature; null: not judged yet"
    )
    key_ids = serializers.ListField(child=serializers.CharField(), help_text="Hints of whoever wrote them")
    certificates = serializers.ListField(
        source="certificate_digests", child=serializers.CharField(), help_text="SHA-256 of each leaf, as found"
    )
    log_entry_count = serializers.IntegerField()
    timestamp_count = serializers.IntegerField()


class ProvenanceClaimSerializer(serializers.Serializer[Any]):
    builder = serializers.CharField(source="builder_id", allow_blank=True)
    build_type = serializers.CharField(allow_blank=True)
    repository = serializers.CharField(allow_blank=True, help_text="host/path, without scheme, .git and ref")
    ref = serializers.CharField(allow_blank=True)
    commit = serializers.CharField(allow_blank=True)
    workflow = serializers.CharField(source="workflow_path", allow_blank=True)
    invocation = serializers.CharField(source="invocation_id", allow_blank=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class FactSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.CharField(allow_blank=True)


class ArtifactAttestationSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(source="envelope_digest", help_text="SHA-256 of the envelope's bytes")
    envelope = serializers.ChoiceField(choices=_ENVELOPES)
    envelope_version = serializers.CharField(allow_blank=True)
    statement_type = serializers.CharField(allow_blank=True)
    predicate_type = serializers.CharField(allow_blank=True)
    predicate = serializers.ChoiceField(choices=_PREDICATES, help_text="`unknown` is kept and shown, never evaluated")
    verdict = serializers.ChoiceField(
        choices=[verdict.value for verdict in OF_ATTESTATIONS], help_text="How far it may be believed: docs/trust.md"
    )
    reasons = serializers.ListField(child=serializers.CharField())
    subject = AttestedSubjectSerializer(source="*")
    subject_count = serializers.IntegerField(help_text="Of the whole statement")
    signatures = SignaturesSerializer(source="*")
    provenance = serializers.SerializerMethodField(help_text="As claimed; null for other predicates")
    facts = serializers.SerializerMethodField(help_text="What other predicates say, in a few lines")
    team = serializers.CharField(help_text="Whose evidence it is")
    evidence = serializers.ListField(child=serializers.UUIDField(), help_text="The first of `evidence_count`")
    evidence_count = serializers.IntegerField()
    received_at = serializers.DateTimeField(help_text="When the first of them came")

    @extend_schema_field(ProvenanceClaimSerializer(allow_null=True))
    def get_provenance(self, row: AttestationRow) -> Any:
        return ProvenanceClaimSerializer(row).data if row.has_provenance else None

    @extend_schema_field(FactSerializer(many=True))
    def get_facts(self, row: AttestationRow) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in row.facts]


class ArtifactAttestationsView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="artifact_attestations", parameters=PAGE_QUERY, responses=page_of(ArtifactAttestationSerializer)
    )
    def get(self, request: Request, digest: str) -> Response:
        """What attestations claim of an artifact, newest first, and how far each may be believed."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        key = read_key(request, length=3)
        after = None if key is None else AttestationKey(datetime.fromisoformat(str(key[0])), str(key[1]), str(key[2]))
        with bounded():
            page = list_attestations(
                read_digest_of_path(digest), after=after, limit=read_limit(request), actor=actor_of(request)
            )
        last = page.next
        following = None if last is None else [last.received_at.isoformat(), last.envelope_digest, last.team]
        results = ArtifactAttestationSerializer(page.rows, many=True).data
        return Response({"results": results, "next": address_after(request, key=following)})
