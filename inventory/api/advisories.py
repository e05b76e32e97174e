"""Advisories over HTTP: a list, and all that is known under one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.api.packages import read_package_purl
from inventory.graph.advisories import AdvisoryPlace, AdvisoryRow, Affected, list_advisories, read_advisory
from inventory.graph.feeds import LinePlace
from inventory.graph.statements import bounded
from inventory.identity.purls import package_purl
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.pagination import PAGE_PARAMETERS, address_after, read_key, read_limit
from supplychain.api.parameters import read_text, reject_unknown_parameters
from supplychain.api.schema import PAGE_QUERY, page_of

if TYPE_CHECKING:
    from rest_framework.request import Request

    from inventory.graph.feeds import ListLine

PREFIX = "/api/v1/advisories/"
_LIST_QUERY = [
    *PAGE_QUERY,
    OpenApiParameter("q", description="Part of an id, or another name of the same thing"),
    OpenApiParameter("package", description="A purl without version: advisories that name this package"),
]


def advisory_url(identifier: str) -> str:
    """Return where the API tells all that is known under an id."""
    return f"{PREFIX}{quote(identifier, safe='')}"


class AffectedSerializer(serializers.Serializer[Any]):
    ecosystem = serializers.CharField(allow_blank=True, help_text="As the record writes it")
    name = serializers.CharField()
    purl = serializers.SerializerMethodField()
    release = serializers.CharField(allow_blank=True, help_text="The distribution's release it is about: `debian-12`")
    versions = serializers.ListField(child=serializers.CharField(), source="listed")
    range = serializers.SerializerMethodField()
    imports = serializers.ListField(child=serializers.CharField(), help_text="Go: the module's packages that are meant")
    doubt = serializers.CharField(allow_blank=True, help_text="Why what matches is possible at most")
    problems = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True, help_text="Null: packages of it are not looked for"))
    def get_purl(self, entry: Affected) -> str | None:
        if not entry.type:
            return None
        return package_purl(entry.type, namespace=entry.namespace_key, name=entry.name_key)

    @extend_schema_field(serializers.CharField(allow_null=True, help_text="The ranges as one canonical `vers:` text"))
    def get_range(self, entry: Affected) -> str | None:
        found = entry.versions().range if entry.type else None
        return None if found is None else found.canonical

    @extend_schema_field(serializers.ListField(child=serializers.CharField(), help_text="Why nothing is cleared by it"))
    def get_problems(self, entry: Affected) -> list[str]:
        return list(entry.versions().problems) if entry.type else ["packages of this ecosystem are not looked for"]


class AdvisoryRowSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="identifier", help_text="The letters it begins with say whose record it is")
    summary = serializers.CharField(allow_blank=True)
    severity = serializers.CharField(allow_blank=True, help_text="CVSS vector or word, as written")
    aliases = serializers.ListField(child=serializers.CharField())
    upstream = serializers.ListField(child=serializers.CharField(), help_text="What it was made from; no aliases")
    affected_count = serializers.IntegerField()
    modified_at = serializers.DateTimeField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True, help_text="Its source has taken it back")
    seen_at = serializers.DateTimeField()
    evidence = serializers.CharField(
        allow_null=True, help_text="The document it was read from; null where another team's feed is for everybody"
    )
    pointer = serializers.CharField(allow_blank=True)
    url = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField())
    def get_url(self, row: AdvisoryRow) -> str:
        return advisory_url(row.identifier)


class AdvisoryRecordSerializer(AdvisoryRowSerializer):
    affected = AffectedSerializer(many=True)


class VexNoteSerializer(serializers.Serializer[Any]):
    vulnerability = serializers.CharField()
    status = serializers.CharField(help_text="`not_affected`, `affected`, `fixed` or `under_investigation`")
    status_given = serializers.CharField(allow_blank=True, help_text="The document's own word")
    justification = serializers.CharField(allow_blank=True)
    justification_given = serializers.CharField(allow_blank=True)
    impact = serializers.CharField(allow_blank=True)
    action = serializers.CharField(allow_blank=True)
    issuer = serializers.CharField(allow_blank=True)
    document = serializers.CharField(allow_blank=True)
    stated_at = serializers.DateTimeField()
    evidence = serializers.CharField()
    pointer = serializers.CharField(allow_blank=True)
    product = serializers.CharField(allow_blank=True)
    version_range = serializers.CharField(allow_blank=True)
    digest = serializers.CharField(allow_blank=True)
    subcomponents = serializers.ListField(child=serializers.CharField())


class ListLineSerializer(serializers.Serializer[Any]):
    """A line of a list, as it was understood."""

    line = serializers.IntegerField(source="indicator.line")
    given = serializers.CharField(source="indicator.given", allow_blank=True, help_text="As written, cut")
    kind = serializers.CharField(source="indicator.kind")
    purl = serializers.CharField(source="indicator.purl", allow_null=True)
    name = serializers.SerializerMethodField()
    range = serializers.SerializerMethodField()
    versions = serializers.ListField(child=serializers.CharField(), source="indicator.versions")
    problem = serializers.CharField(source="indicator.problem", allow_null=True, help_text="Why nobody looks for it")

    @extend_schema_field(serializers.CharField(allow_null=True, help_text="Of a package without ecosystem"))
    def get_name(self, line: ListLine) -> str | None:
        package = line.indicator.package
        return None if package is None or line.indicator.purl is not None else package.written

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_range(self, line: ListLine) -> str | None:
        found = line.indicator.range
        return line.indicator.range_text if found is None else found.canonical


class AdvisorySerializer(serializers.Serializer[Any]):
    names = serializers.ListField(
        child=serializers.CharField(), help_text="Every name of the same thing, in upper case: aliases of aliases too"
    )
    records = AdvisoryRecordSerializer(many=True)
    statements = VexNoteSerializer(many=True, help_text="The latest of each issuer about each product")
    lines = ListLineSerializer(many=True, source="lines.rows", help_text="Of a list: what its lines are understood as")
    retracted_count = serializers.IntegerField(help_text="What earlier versions of a list named and it does not")
    next = serializers.CharField(allow_null=True, help_text="The address of the next lines")


class AdvisoryListView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="advisory_list", parameters=_LIST_QUERY, responses=page_of(AdvisoryRowSerializer))
    def get(self, request: Request) -> Response:
        """Advisories by id, each as the newest version that a document of one's teams has."""
        reject_unknown_parameters(request, PAGE_PARAMETERS | {"q", "package"})
        key = read_key(request, length=2)
        purl = read_text(request, "package")
        with bounded():
            page = list_advisories(
                read_text(request, "q") or "",
                package=None if purl is None else read_package_purl(purl),
                after=None if key is None else AdvisoryPlace(str(key[0]), str(key[1])),
                limit=read_limit(request),
                actor=actor_of(request),
            )
        following = None if page.next is None else [page.next.key, page.next.source]
        results = AdvisoryRowSerializer(page.rows, many=True).data
        return Response({"results": results, "next": address_after(request, key=following)})


class AdvisoryView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(operation_id="advisory", parameters=PAGE_QUERY, responses=AdvisorySerializer)
    def get(self, request: Request, identifier: str) -> Response:
        """All that is known under one name: its records, those of its other names, and what is said of products.

        Of a list also its lines, a page at a time.
        """
        reject_unknown_parameters(request, PAGE_PARAMETERS)
        key = read_key(request, length=2)
        after = None if key is None else LinePlace(int(key[0]), int(key[1]))
        with bounded():
            found = read_advisory(identifier, after=after, limit=read_limit(request), actor=actor_of(request))
        following = None if found.lines.next is None else [found.lines.next.version, found.lines.next.position]
        told = {name: getattr(found, name) for name in ("names", "records", "statements", "lines")}
        told["retracted_count"] = sum(found.retracted.values())
        return Response(AdvisorySerializer({**told, "next": address_after(request, key=following)}).data)
