"""What runs where over HTTP: reports in, workloads and clusters out."""

from __future__ import annotations

from dataclasses import asdict, astuple, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.api.evidence import AcceptedSerializer, accept, read_parameters
from inventory.formats.records import ContainerClass
from inventory.graph.artifacts import display_name
from inventory.graph.runtime import (
    UNKNOWN_ENVIRONMENT,
    WITHOUT_DIGEST,
    ClusterRow,
    WorkloadFilter,
    WorkloadKey,
    WorkloadRow,
    list_clusters,
    list_workloads,
    read_cluster,
)
from inventory.graph.statements import bounded
from inventory.ingest.upkeep import MAX_INTERVAL_SECONDS, MIN_INTERVAL_SECONDS, set_cluster, settings_version
from inventory.intake.clusters import check_snapshot_right
from inventory.models import Cluster, EvidenceKind
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.access.scopes import Scope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import BadParameterError, read_digest, read_text, read_time, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of, refusals
from supplychain.api.serializers import StrictSerializer
from supplychain.api.throttling import UploadThrottle

if TYPE_CHECKING:
    from datetime import datetime

    from rest_framework.request import Request
    from rest_framework.throttling import BaseThrottle

MAX_NAME = 255
_TEXT_FILTERS = ("cluster", "namespace", "service", "environment")
_REPORT_QUERY = [
    OpenApiParameter("environment", description="Of records that name none"),
    OpenApiParameter("filename", description="Shown only"),
]
_DEPLOYMENT_QUERY = [
    OpenApiParameter("cluster", description="Of records that name none, such as a Kubernetes list"),
    *_REPORT_QUERY,
]
_SNAPSHOT_QUERY = [
    OpenApiParameter(
        "namespaces",
        many=True,
        description="What the list covers: `*`, or names. Without it (and without `namespaces` in the body) only the "
        "namespaces that occur in the list",
    ),
    OpenApiParameter("confirm_empty", bool, description="An empty list is meant"),
    *_REPORT_QUERY,
]
_WORKLOAD_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("cluster"),
    OpenApiParameter("namespace"),
    OpenApiParameter("service"),
    OpenApiParameter("environment", description="`unknown` where no report and no cluster names one"),
    OpenApiParameter(
        "digest", description="Also found under the index or config digest that a node reports; `none`: without digest"
    ),
    OpenApiParameter("at", OpenApiTypes.DATETIME, description="What ran at that instant instead of what runs now"),
]


class WorkloadSerializer(serializers.Serializer[Any]):
    cluster = serializers.CharField()
    environment = serializers.CharField()
    production = serializers.BooleanField(source="is_production")
    namespace = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    container = serializers.CharField()
    container_class = serializers.ChoiceField(choices=[each.value for each in ContainerClass])
    digest = serializers.CharField(allow_null=True, help_text="As reported; null where the reports name none")
    image = serializers.SerializerMethodField()
    service = serializers.SerializerMethodField(help_text="Null where no report, label or mapping names one")
    team = serializers.CharField()
    runtime_risks = serializers.ListField(child=serializers.CharField())
    instance_count = serializers.IntegerField(help_text="Pods that run it, as far as the reports name pods")
    running_since = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Null while it runs")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_image(self, row: WorkloadRow) -> str | None:
        return display_name(row.image_name, row.image_tag) or None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_service(self, row: WorkloadRow) -> str | None:
        return row.service or None


class ClusterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    team = serializers.CharField()
    environment = serializers.CharField(help_text="Of records that name none; `unknown` where it has none")
    production = serializers.BooleanField(source="is_production")
    first_heard_at = serializers.DateTimeField()
    last_heard_at = serializers.DateTimeField(help_text="Newest report by its own team")
    report_interval_seconds = serializers.IntegerField()
    stale = serializers.BooleanField(help_text="Silent for three intervals: what changed since is unknown")
    namespace_count = serializers.IntegerField()
    workload_count = serializers.IntegerField()
    container_count = serializers.IntegerField()
    artifact_count = serializers.IntegerField()
    containers_without_digest_count = serializers.IntegerField(source="without_digest_count")


class NamespaceSerializer(serializers.Serializer[Any]):
    namespace = serializers.CharField()
    workload_count = serializers.IntegerField()
    container_count = serializers.IntegerField()
    artifact_count = serializers.IntegerField()


class ClusterDetailSerializer(ClusterSerializer):
    namespaces = NamespaceSerializer(many=True, help_text="Those in which something runs")


class ClusterSettingsSerializer(StrictSerializer):
    """What reports of a cluster do not say; a name that is not here is refused, not ignored."""

    environment = serializers.CharField(
        max_length=MAX_NAME, required=False, allow_null=True, help_text="Of records that name none; null for none"
    )
    report_interval_seconds = serializers.IntegerField(
        min_value=MIN_INTERVAL_SECONDS, max_value=MAX_INTERVAL_SECONDS, required=False
    )


class DeploymentView(APIView):
    permission_classes = [RequireScope("evidence:write")]

    def get_throttles(self) -> list[BaseThrottle]:
        return [UploadThrottle()]

    @extend_schema(
        operation_id="deployment_report",
        parameters=_DEPLOYMENT_QUERY,
        request={"application/json": OpenApiTypes.OBJECT},
        responses={202: AcceptedSerializer, 200: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        """Report what was seen running or has ended: one record, or a list of them. Ends nothing by absence."""
        parameters = read_parameters(request, allowed=frozenset({"cluster", "environment", "filename"}))
        return accept(request, parameters=replace(parameters, kind=EvidenceKind.DEPLOYMENT.value))


class SnapshotView(APIView):
    permission_classes = [RequireScope("evidence:write")]

    def get_throttles(self) -> list[BaseThrottle]:
        return [UploadThrottle()]

    @extend_schema(
        operation_id="cluster_snapshot",
        parameters=_SNAPSHOT_QUERY,
        request={"application/json": OpenApiTypes.OBJECT},
        responses={202: AcceptedSerializer, 200: AcceptedSerializer},
    )
    def put(self, request: Request, cluster: str) -> Response:
        """Report all that runs in a cluster, or in some of its namespaces: what is absent from them has ended."""
        allowed = frozenset({"namespaces", "confirm_empty", "environment", "filename"})
        parameters = read_parameters(request, allowed=allowed)
        name = _read_name(cluster)
        check_snapshot_right(name, actor=actor_of(request))
        wanted = replace(parameters, kind=EvidenceKind.SNAPSHOT.value, cluster=name)
        return accept(request, parameters=wanted)


class WorkloadListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="workload_list", parameters=_WORKLOAD_QUERY, responses=page_of(WorkloadSerializer))
    def get(self, request: Request) -> Response:
        """What runs now, or ran at an instant: one row for each image that a container of a workload runs."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {*_TEXT_FILTERS, "digest", "at"})
        key = read_key(request, length=9)
        with bounded():
            page = list_workloads(
                _read_filter(request),
                after=None if key is None else WorkloadKey(*map(str, key)),
                limit=read_limit(request),
                now=timezone.now(),
                actor=actor_of(request),
            )
        following = None if page.next is None else astuple(page.next)
        results = WorkloadSerializer(page.rows, many=True).data
        return Response({"results": results, "next": address_after(request, key=following)})


class ClusterListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="cluster_list", parameters=PAGE_QUERY, responses=page_of(ClusterSerializer))
    def get(self, request: Request) -> Response:
        """Clusters by name, with what runs in them now."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        key = read_key(request, length=1)
        with bounded():
            page = list_clusters(
                after="" if key is None else str(key[0]), limit=read_limit(request), actor=actor_of(request)
            )
        at = timezone.now()
        results = ClusterSerializer([_cluster(row, at=at) for row in page.rows], many=True).data
        following = None if page.next is None else [page.next]
        return Response({"results": results, "next": address_after(request, key=following)})


class ClusterView(APIView):
    permission_classes = [RequireScope("inventory:read", by_method={"PATCH": (Scope.ADMIN,)})]

    @extend_schema(operation_id="cluster", responses=ClusterDetailSerializer)
    def get(self, request: Request, cluster: str) -> Response:
        """One cluster and its namespaces. `ETag` names its settings, for `If-Match` of a change."""
        reject_unknown_parameters(request, ())
        with bounded():
            detail = read_cluster(_read_name(cluster), actor=actor_of(request))
        body = _cluster(detail.cluster, at=timezone.now()) | {"namespaces": detail.namespaces}
        return Response(ClusterDetailSerializer(body).data, headers=_settings_tag(detail.cluster))

    @extend_schema(
        operation_id="cluster_describe",
        parameters=[OpenApiParameter("If-Match", location=OpenApiParameter.HEADER, description="412 after a change")],
        request=ClusterSettingsSerializer,
        responses={200: ClusterSettingsSerializer, **refusals(412)},
    )
    def patch(self, request: Request, cluster: str) -> Response:
        """Set what the cluster's reports do not say; what the body leaves out stays."""
        reject_unknown_parameters(request, ())
        serializer = ClusterSettingsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        row = set_cluster(
            _read_name(cluster),
            environment=(given["environment"] or UNKNOWN_ENVIRONMENT) if "environment" in given else None,
            report_interval_seconds=given.get("report_interval_seconds"),
            if_version=_read_versions(request),
            actor=actor_of(request),
            at=timezone.now(),
        )
        environment = None if row.environment is None else row.environment.slug
        settings = {"environment": environment, "report_interval_seconds": row.report_interval_seconds}
        return Response(settings, headers=_settings_tag(row))


def _settings_tag(cluster: ClusterRow | Cluster) -> dict[str, str]:
    return {"ETag": f'"{settings_version(cluster)}"'}


def _read_versions(request: Request) -> list[str] | None:
    """Return what `If-Match` names, None where it is absent or `*`; weak tags match nothing (RFC 9110 13.1.1)."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    return [tag.strip('"') for tag in parse_etags(header) if tag.startswith('"')]


def _read_name(cluster: str) -> str:
    """Return a cluster's name as the path gives it; raises BadParameterError for what no cluster can be called."""
    if len(cluster) > MAX_NAME or not cluster.isprintable():
        raise BadParameterError("cluster", f"must be at most {MAX_NAME} printable characters.")
    return cluster


def _read_filter(request: Request) -> WorkloadFilter:
    wants_none = read_text(request, "digest") == WITHOUT_DIGEST
    digest = WITHOUT_DIGEST if wants_none else read_digest(request, "digest") or ""
    cluster, namespace, service, environment = (read_text(request, name) or "" for name in _TEXT_FILTERS)
    return WorkloadFilter(cluster, namespace, service, environment, digest, read_time(request, "at"))


def _cluster(row: ClusterRow, *, at: datetime) -> dict[str, Any]:
    return asdict(row) | {"stale": row.is_stale(at=at)}
