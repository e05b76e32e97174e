"""Artifacts over HTTP: the list, one digest, its components, the difference to another, its merged SBOM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.formats.records import ArtifactKind, Scope
from inventory.graph.artifact_detail import read_artifact
from inventory.graph.artifacts import ArtifactFilter, ArtifactKey, ArtifactRow, list_artifacts
from inventory.graph.components import ComponentRow, list_components
from inventory.graph.diff import Change, PackagePlace, diff_artifacts
from inventory.graph.statements import bounded
from inventory.identity.digests import parse_digest
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import read_flag, read_text, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of

if TYPE_CHECKING:
    from rest_framework.request import Request

_KINDS = [kind.value for kind in ArtifactKind]
_SCOPES = [scope.name.lower() for scope in Scope]
_LIST_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("q", description="Part of a name, `name:tag`, or the beginning of a digest"),
    OpenApiParameter("running", bool, description="Only what runs now, or only what does not"),
]
_COMPONENTS_QUERY = [*PAGE_QUERY, OpenApiParameter("q", description="Part of a purl or of a name")]


class ArtifactRowSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(allow_null=True, help_text="Null for what is known by a name only")
    kind = serializers.ChoiceField(choices=_KINDS)
    names = serializers.ListField(child=serializers.CharField(), help_text="The first of `name_count`")
    name_count = serializers.IntegerField()
    running = serializers.BooleanField(source="is_running")
    sbom_count = serializers.IntegerField()
    component_count = serializers.IntegerField(
        allow_null=True,
        help_text="Distinct components of the newest complete SBOM, else of the newest; null without",
    )
    workload_count = serializers.IntegerField()
    url = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_url(self, artifact: ArtifactRow) -> str | None:
        return None if artifact.digest is None else artifact_url(artifact.digest)


class ArtifactNameSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    tag = serializers.CharField(allow_blank=True, help_text="Tag of an image, version of anything else")
    first_seen_at = serializers.DateTimeField()


class PlatformSerializer(serializers.Serializer[Any]):
    os = serializers.CharField(allow_blank=True)
    architecture = serializers.CharField(allow_blank=True)
    variant = serializers.CharField(allow_blank=True)


class IndexMemberSerializer(PlatformSerializer):
    digest = serializers.CharField()
    evidence = serializers.UUIDField()


class ArtifactAliasSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    relation = serializers.ChoiceField(choices=["alias", "alias_of"])
    evidence = serializers.UUIDField()


class ArtifactSbomSerializer(serializers.Serializer[Any]):
    evidence = serializers.UUIDField(help_text="Its receipt is at `/evidence/{id}`, its bytes at `/evidence/{id}/raw`")
    format = serializers.CharField()
    format_version = serializers.CharField()
    producer = serializers.CharField(allow_blank=True)
    producer_version = serializers.CharField(allow_blank=True)
    received_at = serializers.DateTimeField()
    component_count = serializers.IntegerField(help_text="As the document lists them, repeated ones each time")
    distinct_count = serializers.IntegerField()
    complete = serializers.BooleanField(source="is_complete", help_text="Enough to count as coverage")
    subject_source = serializers.CharField(
        source="source", help_text="Where its digest was found: parameter, document or signed"
    )
    confidence = serializers.IntegerField(help_text="Of that binding, in percent")
    warning_count = serializers.IntegerField()


class ArtifactSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    kind = serializers.ChoiceField(choices=_KINDS)
    running = serializers.BooleanField(source="is_running")
    names = ArtifactNameSerializer(many=True)
    members = IndexMemberSerializer(many=True, help_text="What this index lists")
    member_of = IndexMemberSerializer(many=True, help_text="Indexes that list this manifest")
    aliases = ArtifactAliasSerializer(many=True)
    sboms = ArtifactSbomSerializer(many=True, help_text="Newest first; all of them count in an incident answer")
    sbom_count = serializers.IntegerField()
    component_count = serializers.IntegerField(help_text="Distinct components of all SBOMs together")
    workload_count = serializers.IntegerField()
    namespace_count = serializers.IntegerField()
    cluster_count = serializers.IntegerField()


class ArtifactComponentSerializer(serializers.Serializer[Any]):
    purl = serializers.CharField(allow_null=True)
    package = serializers.CharField(allow_null=True, help_text="The purl without version")
    type = serializers.CharField(allow_blank=True, help_text="purl type; empty without purl")
    name = serializers.CharField()
    version = serializers.CharField(allow_blank=True)
    direct = serializers.BooleanField(
        source="is_direct", allow_null=True, help_text="Null where no SBOM records dependencies"
    )
    scope = serializers.SerializerMethodField(help_text="The one nearest to running")
    evidence = serializers.ListField(child=serializers.UUIDField(), help_text="SBOMs that list it, oldest first")

    @extend_schema_field(serializers.ChoiceField(choices=_SCOPES))
    def get_scope(self, component: ComponentRow) -> str:
        return component.scope.name.lower()


class DiffVersionSerializer(serializers.Serializer[Any]):
    version = serializers.CharField(allow_blank=True)
    purl = serializers.CharField(allow_null=True)


class DiffRowSerializer(serializers.Serializer[Any]):
    change = serializers.ChoiceField(choices=[change.value for change in Change])
    package = serializers.CharField(allow_null=True)
    type = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    removed = DiffVersionSerializer(many=True, help_text="What only the first artifact has")
    added = DiffVersionSerializer(many=True, help_text="What only the second artifact has")


class DiffSummarySerializer(serializers.Serializer[Any]):
    sbom_count_before = serializers.IntegerField(help_text="0: the first artifact is not empty but unknown")
    sbom_count_after = serializers.IntegerField(help_text="0: the second artifact is not empty but unknown")
    added_count = serializers.IntegerField(help_text="Packages")
    removed_count = serializers.IntegerField(help_text="Packages")
    changed_count = serializers.IntegerField(help_text="Packages")
    unchanged_component_count = serializers.IntegerField()


class DiffSerializer(serializers.Serializer[Any]):
    before = serializers.CharField()
    after = serializers.CharField()
    summary = DiffSummarySerializer()
    results = DiffRowSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ArtifactListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="artifact_list", parameters=_LIST_QUERY, responses=page_of(ArtifactRowSerializer))
    def get(self, request: Request) -> Response:
        """Artifacts in the order of their digests; those known by a name only come last."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"q", "running"})
        wanted = ArtifactFilter(text=read_text(request, "q") or "", is_running=_read_running(request))
        key = read_key(request, length=3)
        with bounded():
            page = list_artifacts(
                wanted,
                after=None if key is None else ArtifactKey(*map(str, key)),
                limit=read_limit(request),
                actor=actor_of(request),
            )
        last = page.next
        following = None if last is None else [last.digest, last.label_name, last.label_version]
        results = ArtifactRowSerializer(page.rows, many=True).data
        return Response({"results": results, "next": address_after(request, key=following)})


class ArtifactView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="artifact", responses=ArtifactSerializer)
    def get(self, request: Request, digest: str) -> Response:
        """One artifact: its names, its family of digests, the SBOMs about it, what runs of it."""
        reject_unknown_parameters(request, ())
        with bounded():
            artifact = read_artifact(read_digest_of_path(digest), actor=actor_of(request))
        return Response(ArtifactSerializer(artifact).data)


class ArtifactComponentsView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="artifact_components",
        parameters=_COMPONENTS_QUERY,
        responses=page_of(ArtifactComponentSerializer),
    )
    def get(self, request: Request, digest: str) -> Response:
        """The components of all SBOMs about an artifact, each once."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"q"})
        key = read_key(request, length=1)
        with bounded():
            page = list_components(
                read_digest_of_path(digest),
                text=read_text(request, "q") or "",
                after=None if key is None else str(key[0]),
                limit=read_limit(request),
                actor=actor_of(request),
            )
        results = ArtifactComponentSerializer(page.rows, many=True).data
        following = None if page.next is None else [page.next]
        return Response({"results": results, "next": address_after(request, key=following)})


class ArtifactDiffView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="artifact_diff", parameters=PAGE_QUERY, responses=DiffSerializer)
    def get(self, request: Request, before: str, after: str) -> Response:
        """What came, went or changed its version from the first artifact to the second."""
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        first, second = read_digest_of_path(before), read_digest_of_path(after)
        key = read_key(request, length=3)
        place = None if key is None else PackagePlace(*map(str, key))
        with bounded():
            found = diff_artifacts(first, second, place=place, limit=read_limit(request), actor=actor_of(request))
        last = found.page.next
        following = None if last is None else [last.type, last.namespace_key, last.name_key]
        body = {
            "before": first,
            "after": second,
            "summary": found.summary,
            "results": found.page.rows,
            "next": address_after(request, key=following),
        }
        return Response(DiffSerializer(body).data)


def read_digest_of_path(text: str) -> str:
    """Return the canonical digest; raises DigestError (400 `bad_digest`)."""
    return str(parse_digest(text))


def artifact_url(digest: str) -> str:
    """Return the API's address of an artifact."""
    return f"/api/v1/artifacts/{digest}"


def _read_running(request: Request) -> bool | None:
    return None if read_text(request, "running") is None else read_flag(request, "running", default=False)
