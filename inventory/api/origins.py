"""Where artifacts come from, over HTTP: the trace of one, its evaluations, and what runs outside the pipeline."""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.api.artifacts import read_digest_of_path
from inventory.graph.pipeline import PipelineClass, PipelineFilter, PipelineKey, PipelineRow, read_pipeline
from inventory.graph.statements import bounded
from inventory.graph.trace import Trace, read_trace
from inventory.graph.trace_links import Boundary, LinkKind, LinkState
from inventory.graph.verifications import VerificationKey, VerificationRow, list_verifications
from inventory.models.verification import CheckOutcome, Verdict
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import read_choice, read_text, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of
from supplychain.api.tables import csv_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rest_framework.request import Request

    from inventory.graph.pipeline import Pipeline

_VERDICTS = [verdict.value for verdict in Verdict]


class DifferenceSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    expected = serializers.CharField(allow_blank=True)
    found = serializers.CharField(allow_blank=True)


class OriginSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    slsa_build_level = serializers.IntegerField()
    builder = serializers.CharField(allow_null=True)
    repository = serializers.CharField(allow_null=True)
    commit = serializers.CharField(allow_null=True)
    workflow = serializers.CharField(allow_null=True)
    signer = serializers.CharField(allow_null=True, help_text="Identity, or fingerprint of a key, of a good signature")
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Codes of docs/trust.md")
    differences = DifferenceSerializer(many=True, help_text="From what a trusted signer is expected to sign")
    attestation = serializers.CharField(allow_null=True, help_text="Digest of the one that may be believed most")
    other_verdicts = serializers.DictField(
        source="others", child=serializers.IntegerField(), help_text="{verdict: count} of all others"
    )


class TraceFactSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.CharField()


class ProofSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="evidence")
    pointer = serializers.CharField(allow_blank=True, help_text="The place in that document")
    url = serializers.SerializerMethodField()

    def get_url(self, proof: Any) -> str:
        return f"/api/v1/evidence/{proof.evidence}"


class ControlSerializer(serializers.Serializer[Any]):
    boundary = serializers.ChoiceField(source="control.boundary", choices=[boundary.value for boundary in Boundary])
    name = serializers.CharField(source="control.name")
    satisfied = serializers.BooleanField(source="is_satisfied", allow_null=True, help_text="Null: unknown")


class TraceLinkSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in LinkKind])
    state = serializers.ChoiceField(choices=[state.value for state in LinkState])
    summary = serializers.CharField()
    facts = TraceFactSerializer(many=True)
    reasons = serializers.ListField(child=serializers.CharField())
    control = ControlSerializer(source="*")
    evidence = ProofSerializer(source="proofs", many=True)


class NextLevelSerializer(serializers.Serializer[Any]):
    slsa_build_level = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.CharField(), help_text="Codes of docs/trust.md")


class TraceSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    slsa_build_level = serializers.IntegerField()
    next_level = serializers.SerializerMethodField(help_text="Null at the highest")
    replaceable_at = serializers.ChoiceField(
        source="gap",
        choices=[kind.value for kind in LinkKind],
        allow_null=True,
        help_text="The first link that is not verified: from there on the chain could be replaced silently",
    )
    links = TraceLinkSerializer(many=True)

    @extend_schema_field(NextLevelSerializer(allow_null=True))
    def get_next_level(self, trace: Trace) -> dict[str, object] | None:
        if not trace.needs:
            return None
        return {"slsa_build_level": trace.slsa_build_level + 1, "missing": list(trace.needs)}


class CertificateSerializer(serializers.Serializer[Any]):
    issuer = serializers.CharField(allow_blank=True)
    identity = serializers.CharField(allow_blank=True)
    repository = serializers.CharField(allow_blank=True)
    repository_id = serializers.CharField(allow_blank=True)
    owner_id = serializers.CharField(allow_blank=True)
    commit = serializers.CharField(allow_blank=True)
    ref = serializers.CharField(allow_blank=True)
    workflow = serializers.CharField(allow_blank=True)
    builder = serializers.CharField(allow_blank=True)
    run = serializers.CharField(allow_blank=True)
    runner_environment = serializers.CharField(allow_blank=True)
    event = serializers.CharField(allow_blank=True)


class EvaluatedSignerSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="signer_id")
    name = serializers.CharField(source="signer_name")


class VerificationSerializer(serializers.Serializer[Any]):
    attestation = serializers.CharField(source="envelope_digest")
    predicate = serializers.CharField()
    relation = serializers.CharField(allow_blank=True, help_text="Of its subject to the artifact; empty: itself")
    team = serializers.CharField()
    evidence = serializers.UUIDField()
    evaluated_at = serializers.DateTimeField()
    in_force = serializers.BooleanField(help_text="The attestation's newest evaluation")
    trust_version = serializers.IntegerField()
    verifier_version = serializers.CharField()
    root_digest = serializers.CharField(allow_null=True, help_text="Of the root of trust that was used")
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in CheckOutcome])
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    steps = serializers.ListField(child=serializers.IntegerField(), help_text="Those that passed, in order")
    not_checked = serializers.ListField(child=serializers.IntegerField())
    stopped_at = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(allow_blank=True, help_text="Why it stopped")
    message = serializers.CharField(allow_blank=True)
    differences = DifferenceSerializer(many=True)
    signer = serializers.SerializerMethodField(help_text="The trusted signer that it matched, or came nearest to")
    slsa_build_level = serializers.IntegerField(source="level")
    level_reasons = serializers.ListField(child=serializers.CharField())
    signed_at = serializers.DateTimeField(allow_null=True, help_text="Proven; null without a proven time")
    key_fingerprint = serializers.CharField(allow_blank=True)
    certificate = serializers.SerializerMethodField(help_text="What it says of its holder; null for a bare key")

    @extend_schema_field(EvaluatedSignerSerializer(allow_null=True))
    def get_signer(self, row: VerificationRow) -> Any:
        return None if row.signer_id is None else EvaluatedSignerSerializer(row).data

    @extend_schema_field(CertificateSerializer(allow_null=True))
    def get_certificate(self, row: VerificationRow) -> Any:
        return CertificateSerializer(row).data if row.identity else None


class RunningArtifactSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(help_text="As containers report it")
    name = serializers.CharField(allow_blank=True)


class PipelineRowSerializer(serializers.Serializer[Any]):
    artifact = RunningArtifactSerializer(source="*")
    classified_as = serializers.ChoiceField(source="kind", choices=[kind.value for kind in PipelineClass])
    provenance = OriginSerializer(source="origin")
    judged_digest = serializers.CharField(help_text="What it is the provenance of: the member of an index that runs")
    container_count = serializers.IntegerField()
    workload_count = serializers.IntegerField()
    environments = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.CharField())
    clusters = serializers.ListField(child=serializers.CharField())


class ClassCountSerializer(serializers.Serializer[Any]):
    artifact_count = serializers.IntegerField()
    container_count = serializers.IntegerField()


class PipelineSummarySerializer(serializers.Serializer[Any]):
    running_artifact_count = serializers.IntegerField(help_text="The four classes add up to it")
    container_count = serializers.IntegerField(help_text="Of those digests")
    containers_without_digest_count = serializers.IntegerField(help_text="In no class")
    classes = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=ClassCountSerializer()))
    def get_classes(self, summary: Any) -> dict[str, Any]:
        return {kind.value: ClassCountSerializer(counted).data for kind, counted in summary.classes.items()}


class PipelineSerializer(serializers.Serializer[Any]):
    summary = PipelineSummarySerializer()
    results = PipelineRowSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ArtifactTraceView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="artifact_trace", responses=TraceSerializer)
    def get(self, request: Request, digest: str) -> Response:
        """The chain from source to workloads: what is verified, claimed, missing or broken, each with its evidence."""
        reject_unknown_parameters(request, ())
        with bounded():
            trace = read_trace(read_digest_of_path(digest), actor=actor_of(request))
        return Response(TraceSerializer(trace).data)


class ArtifactVerificationsView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="artifact_verifications", parameters=PAGE_QUERY, responses=page_of(VerificationSerializer)
    )
    def get(self, request: Request, digest: str) -> Response:
        """Every stored evaluation of what is attested of an artifact, newest first. None is ever overwritten."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        key = read_key(request, length=4)
        with bounded():
            page = list_verifications(
                read_digest_of_path(digest),
                after=None if key is None else _verification_key(key),
                limit=read_limit(request),
                actor=actor_of(request),
            )
        last = page.next
        following = None if last is None else [last.evaluated_at.isoformat(), *astuple(last)[1:]]
        results = VerificationSerializer(page.rows, many=True).data
        return Response({"results": results, "next": address_after(request, key=following)})


FILTERS = {"environment", "team", "cluster", "class"}
_PIPELINE_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("environment"),
    OpenApiParameter("team", description="Whose workloads"),
    OpenApiParameter("cluster"),
    OpenApiParameter("class", enum=[kind.value for kind in PipelineClass], description="Of the rows; never the counts"),
    OpenApiParameter("format", enum=["json", "csv"], default="json", description="`csv`: all rows as a table"),
]
CSV_COLUMNS = (
    "class", "digest", "name", "verdict", "slsa_build_level", "builder", "repository", "commit", "workflow", "signer",
    "reasons", "differences", "judged_digest", "containers", "workloads", "environments", "teams", "clusters",
)  # fmt: skip


class PipelineView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="pipeline",
        parameters=_PIPELINE_QUERY,
        responses={200: PipelineSerializer, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """What runs, by where it comes from: expected, unexpected, unverifiable, or nothing said of it."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | FILTERS | {"format"})
        is_csv = read_choice(request, "format", allowed=("json", "csv")) == "csv"
        key = read_key(request, length=3)
        with bounded():
            found = read_pipeline(
                read_filter(request),
                after=None if key is None or is_csv else PipelineKey(int(key[0]), int(key[1]), str(key[2])),
                limit=None if is_csv else read_limit(request),
                actor=actor_of(request),
            )
        if is_csv:
            return as_csv(found)
        last = found.page.next
        following = None if last is None else list(astuple(last))
        body = {
            "summary": found.summary,
            "results": found.page.rows,
            "next": address_after(request, key=following),
        }
        return Response(PipelineSerializer(body).data)


def read_filter(request: Request) -> PipelineFilter:
    """Return which containers and which class are asked for."""
    kind = read_choice(request, "class", allowed=[kind.value for kind in PipelineClass])
    return PipelineFilter(
        environment=read_text(request, "environment") or "",
        team=read_text(request, "team") or "",
        cluster=read_text(request, "cluster") or "",
        kind=None if kind is None else PipelineClass(kind),
    )


def as_csv(found: Pipeline) -> StreamingHttpResponse:
    """Return all rows as a table, a line a digest."""
    return StreamingHttpResponse(
        _lines(found.page.rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="pipeline.csv"'},
    )


def _lines(rows: Iterable[PipelineRow]) -> Iterator[str]:
    yield csv_line(CSV_COLUMNS)
    for row in rows:
        origin = row.origin
        differences = "; ".join(f"{one.code}: expected {one.expected}, found {one.found}" for one in origin.differences)
        yield csv_line(
            (
                row.kind.value,
                row.digest,
                row.name,
                origin.verdict.value,
                origin.slsa_build_level,
                origin.builder,
                origin.repository,
                origin.commit,
                origin.workflow,
                origin.signer,
                " ".join(origin.reasons),
                differences,
                row.judged_digest,
                row.container_count,
                row.workload_count,
                " ".join(row.environments),
                " ".join(row.teams),
                " ".join(row.clusters),
            )
        )


def _verification_key(key: list[Any]) -> VerificationKey:
    return VerificationKey(datetime.fromisoformat(str(key[0])), str(key[1]), str(key[2]), int(key[3]))
