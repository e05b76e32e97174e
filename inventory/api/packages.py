"""Packages over HTTP: the most widespread, and one package with its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.graph.packages import PackagePlace, PackageRow, list_packages, read_package
from inventory.graph.statements import bounded
from inventory.identity.purls import PackageKey, parse_purl
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import read_text, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of
from supplychain.errors import DomainError
from supplychain.routing import path_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rest_framework.request import Request

PREFIX = "/api/v1/packages/"
_LIST_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("q", description="Part of a name, a purl, `@scope/name` or `group:artifact`; typos are forgiven"),
]
_PURL = OpenApiParameter(
    "purl",
    str,
    OpenApiParameter.PATH,
    description="A purl without version, qualifiers and subpath, percent-encoded whole or as it is",
)


class NotAPackageError(DomainError):
    """The purl names more than a package."""

    def __init__(self) -> None:
        super().__init__(
            "purl_not_a_package",
            "This is the address of packages: leave out version, qualifiers and subpath.",
            status=400,
        )


class PackageRowSerializer(serializers.Serializer[Any]):
    purl = serializers.CharField(allow_null=True, help_text="Null for components that no SBOM gives a purl")
    type = serializers.CharField(allow_blank=True)
    name = serializers.CharField(help_text="As people of the ecosystem write it: `@scope/name`, `group:artifact`")
    version_count = serializers.IntegerField()
    artifact_count = serializers.IntegerField()
    running_artifact_count = serializers.IntegerField(help_text="Those that run now, or possibly do")
    workload_count = serializers.IntegerField()
    url = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_url(self, package: PackageRow) -> str | None:
        return None if package.purl is None else package_url(package.purl)


class PackageVersionSerializer(serializers.Serializer[Any]):
    purl = serializers.CharField()
    version = serializers.CharField(allow_blank=True)
    artifact_count = serializers.IntegerField()
    running_artifact_count = serializers.IntegerField()
    workload_count = serializers.IntegerField()


class PackageSerializer(serializers.Serializer[Any]):
    purl = serializers.CharField(source="package.purl")
    type = serializers.CharField(source="package.type")
    namespace = serializers.CharField(allow_blank=True)
    name = serializers.CharField(source="package.name")
    version_count = serializers.IntegerField(source="package.version_count")
    artifact_count = serializers.IntegerField(source="package.artifact_count")
    running_artifact_count = serializers.IntegerField(source="package.running_artifact_count")
    workload_count = serializers.IntegerField(source="package.workload_count")
    versions = PackageVersionSerializer(many=True, help_text="Newest first; of more than 1,000 the most widespread")


class PackageListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="package_list", parameters=_LIST_QUERY, responses=page_of(PackageRowSerializer))
    def get(self, request: Request) -> Response:
        """Packages, the most widespread first; with `q`, exact names before parts of names before similar ones."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"q"})
        place = _read_place(request)
        with bounded():
            page = list_packages(
                read_text(request, "q") or "", after=place, limit=read_limit(request), actor=actor_of(request)
            )
        last = page.next
        following: Sequence[str | int] | None = None
        if last is not None:
            following = [last.rank, last.track_count, last.type, last.namespace_key, last.name_key]
        results = PackageRowSerializer(page.rows, many=True).data
        return Response({"results": results, "next": address_after(request, key=following)})


class PackageView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="package", parameters=[_PURL], responses=PackageSerializer)
    def get(self, request: Request, purl: str) -> Response:
        """One package: its versions, and in how many artifacts and workloads each is."""
        reject_unknown_parameters(request, ())
        key = read_package_purl(path_tail(request._request, prefix=PREFIX, tail=purl))  # noqa: SLF001  # Django's request
        with bounded():
            package = read_package(key, actor=actor_of(request))
        return Response(PackageSerializer(package).data)


def read_package_purl(text: str) -> PackageKey:
    """Return the match key of a package's purl; raises PurlError (`bad_purl`) and NotAPackageError."""
    purl = parse_purl(text)
    if purl.version or purl.qualifiers or purl.subpath:
        raise NotAPackageError
    return purl.key


def package_url(purl: str) -> str:
    """Return the API's address of a package."""
    return f"{PREFIX}{quote(purl, safe='')}"


def _read_place(request: Request) -> PackagePlace | None:
    key = read_key(request, length=5)
    if key is None:
        return None
    rank, track_count, *names = key
    return PackagePlace(int(rank), int(track_count), *map(str, names))
