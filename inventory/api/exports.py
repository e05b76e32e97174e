"""What an artifact is known to contain, and what is stated of its weaknesses, over HTTP for other tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from inventory.api.artifacts import read_digest_of_path
from inventory.graph.exports import cyclonedx, openvex, spdx
from inventory.graph.merged import Merged, merge_sboms
from inventory.graph.statements import bounded
from supplychain.access.actors import actor_of
from supplychain.access.permissions import RequireScope
from supplychain.api.parameters import BadParameterError, read_choice, reject_unknown_parameters
from supplychain.api.schema import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rest_framework.request import Request

CHUNK_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Form:
    """One form in which the merged SBOM is written, in several versions of its format."""

    suffix: str
    versions: tuple[str, ...]
    default: str
    media_type: Callable[[str], str]
    write: Callable[[Merged, str], Iterator[bytes]]


def _write_json(merged: Merged, version: str) -> Iterator[bytes]:
    return cyclonedx.write_json(merged, version=version)


def _write_xml(merged: Merged, version: str) -> Iterator[bytes]:
    return cyclonedx.write_xml(merged, version=version)


def _write_spdx(merged: Merged, _version: str) -> Iterator[bytes]:
    return spdx.write_spdx(merged)


FORMS: Final = {
    "cyclonedx-json": Form(
        "cdx.json", cyclonedx.VERSIONS, cyclonedx.DEFAULT_VERSION, cyclonedx.json_media_type, _write_json
    ),
    "cyclonedx-xml": Form(
        "cdx.xml", cyclonedx.VERSIONS, cyclonedx.DEFAULT_VERSION, cyclonedx.xml_media_type, _write_xml
    ),
    "spdx-json": Form("spdx.json", ("2.3",), "2.3", lambda _version: spdx.MEDIA_TYPE, _write_spdx),
}
_DEFAULT: Final = "cyclonedx-json"
_VERSIONS: Final = sorted({version for form in FORMS.values() for version in form.versions})
_QUERY: Final = [
    OpenApiParameter("format", enum=list(FORMS), default=_DEFAULT),
    OpenApiParameter("version", enum=_VERSIONS, description="Of the format: CycloneDX 1.6 by default, SPDX 2.3"),
]


class ArtifactSbomView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="artifact_sbom",
        parameters=_QUERY,
        responses={
            (200, "application/vnd.cyclonedx+json"): OpenApiTypes.OBJECT,
            (200, "application/vnd.cyclonedx+xml"): OpenApiTypes.STR,
            (200, "application/spdx+json"): OpenApiTypes.OBJECT,
            **refusals(409, 413),
        },
    )
    def get(self, request: Request, digest: str) -> StreamingHttpResponse:
        """All SBOMs about an artifact as one document; the same evidence gives the same bytes.

        409 `no_sbom` where none was received, 413 `export_too_large` above 20,000 components.
        """
        reject_unknown_parameters(request, {"format", "version"})
        form = FORMS[read_choice(request, "format", allowed=FORMS) or _DEFAULT]
        version = read_choice(request, "version", allowed=_VERSIONS) or form.default
        if version not in form.versions:
            raise BadParameterError("version", f"of this format is one of {', '.join(form.versions)}.")
        with bounded():
            merged = merge_sboms(read_digest_of_path(digest), actor=actor_of(request))
        return StreamingHttpResponse(
            in_chunks(form.write(merged, version)),
            content_type=form.media_type(version),
            headers=as_file(merged.digest, suffix=form.suffix),
        )


class ArtifactVexView(APIView):
    permission_classes = [RequireScope("inventory:read")]

    @extend_schema(
        operation_id="artifact_vex",
        responses={(200, openvex.MEDIA_TYPE): OpenApiTypes.OBJECT, **refusals(413)},
    )
    def get(self, request: Request, digest: str) -> HttpResponse:
        """What is stated about vulnerabilities of an artifact and of the packages in it, as OpenVEX 0.2.0.

        Statements are their issuers'; none takes anything out of an answer.
        """
        reject_unknown_parameters(request, ())
        canonical = read_digest_of_path(digest)
        with bounded():
            data = openvex.export_vex(canonical, actor=actor_of(request))
        headers = as_file(canonical, suffix="openvex.json")
        return HttpResponse(data, content_type=openvex.MEDIA_TYPE, headers=headers)


def in_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces into chunks that are worth sending."""
    chunk = bytearray()
    for piece in pieces:
        chunk += piece
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def as_file(digest: str, *, suffix: str) -> dict[str, str]:
    """Name the file by the digest alone: no name of a document ever gets into a header."""
    name = f"{digest.replace(':', '-')}.{suffix}"
    return {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
