"""Search over HTTP: one box for purls, names, digests, images and workloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.api.advisories import advisory_url
from inventory.api.artifacts import artifact_url
from inventory.api.packages import package_url
from inventory.graph.advisories import AdvisoryRow
from inventory.graph.artifacts import ArtifactRow
from inventory.graph.packages import PackageRow
from inventory.graph.search import Hit, HitKind, ImageHit, VersionHit, WorkloadHit, search
from inventory.graph.statements import bounded
from inventory.identity.purls import parse_purl
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import read_number, read_text, reject_unknown_parameters

if TYPE_CHECKING:
    from rest_framework.request import Request

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
_KINDS = [kind.value for kind in HitKind]
_QUERY = [
    OpenApiParameter(
        "q",
        required=True,
        description="A purl, a name, `name@version`, a digest, an image, a workload, an advisory's id",
    ),
    OpenApiParameter("limit", int, description="Hits of each kind: 10 by default, at most 100"),
]


class SearchHitSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=_KINDS)
    title = serializers.CharField(help_text="What to show: a name, a purl, a digest, `cluster/namespace/Kind/name`")
    purl = serializers.CharField(allow_null=True)
    digest = serializers.CharField(allow_null=True)
    running = serializers.BooleanField(allow_null=True, help_text="Null where it is not known from the hit alone")
    artifact_count = serializers.IntegerField(allow_null=True)
    workload_count = serializers.IntegerField(allow_null=True)
    url = serializers.CharField(allow_null=True, help_text="Where the API tells more")


class SearchSerializer(serializers.Serializer[Any]):
    results = SearchHitSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Always null: the lists of each kind have pages")
    truncated = serializers.ListField(
        child=serializers.ChoiceField(choices=_KINDS), help_text="Kinds of which there are more hits than `limit`"
    )


class SearchView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="search", parameters=_QUERY, responses=SearchSerializer)
    def get(self, request: Request) -> Response:
        """The best hits of every kind: exact versions, packages, artifacts, images, workloads, advisories."""
        reject_unknown_parameters(request, {"q", "limit"})
        limit = max(1, min(read_number(request, "limit", default=DEFAULT_LIMIT), MAX_LIMIT))
        with bounded():
            found = search(read_text(request, "q") or "", limit=limit, actor=actor_of(request))
        hits = [_describe(part.kind, hit) for part in found for hit in part.hits]
        truncated = [part.kind.value for part in found if part.has_more]
        return Response(SearchSerializer({"results": hits, "next": None, "truncated": truncated}).data)


def _describe(kind: HitKind, hit: Hit) -> dict[str, object]:
    nothing: dict[str, object] = dict.fromkeys(SearchHitSerializer().fields)
    return nothing | {"kind": kind.value} | _facts(hit)


def _facts(hit: Hit) -> dict[str, object]:
    match hit:
        case VersionHit():
            package = parse_purl(hit.purl).package_purl
            return {"title": hit.purl, "purl": hit.purl, "url": package_url(package)}
        case PackageRow():
            return {
                "title": hit.name,
                "purl": hit.purl,
                "running": hit.running_artifact_count > 0,
                "artifact_count": hit.artifact_count,
                "workload_count": hit.workload_count,
                "url": None if hit.purl is None else package_url(hit.purl),
            }
        case ArtifactRow():
            return {
                "title": hit.names[0] if hit.names else hit.digest,
                "digest": hit.digest,
                "running": hit.is_running,
                "workload_count": hit.workload_count,
                "url": None if hit.digest is None else artifact_url(hit.digest),
            }
        case ImageHit():
            address = f"/api/v1/artifacts?{urlencode({'q': hit.name})}"
            return {"title": hit.name, "artifact_count": hit.artifact_count, "url": address}
        case AdvisoryRow():
            return {"title": hit.identifier, "url": advisory_url(hit.identifier)}
        case WorkloadHit():
            asked = urlencode({"cluster": hit.cluster, "namespace": hit.namespace})
            return {
                "title": f"{hit.cluster}/{hit.namespace}/{hit.kind}/{hit.name}",
                "running": hit.is_running,
                "url": f"/api/v1/workloads?{asked}",
            }
