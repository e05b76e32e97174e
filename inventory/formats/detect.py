"""Recognises a document from its first bytes and top-level names, without reading the rest.

What is recognised but has no reader here is still named, so that a refusal says what was sent. Formats are those of
their specifications: CycloneDX, SPDX, in-toto, DSSE, Sigstore, OpenVEX, CSAF, OSV, Scorecard, Kubernetes, OCI.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from inventory.formats import json_parts
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8, require_utf8

Members = Mapping[str, msgspec.Raw]


class Kind(enum.StrEnum):
    """What a document is evidence of."""

    SBOM = "sbom"
    DEPLOYMENT = "deployment"
    IMAGE = "image"
    ATTESTATION = "attestation"
    VEX = "vex"
    ADVISORY = "advisory"
    POSTURE = "posture"
    WORKFLOW = "workflow"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Detected:
    """What a document was recognised as. `format_version` is as written in it ('' where the format has none).

    `wrapper` is the pointer of the document inside the one that was sent (`/sbom` in GitHub's export), else ''.
    """

    kind: Kind
    format: str
    format_version: str
    media_type: str = "application/json"
    wrapper: str = ""
    readable: bool = False
    """A reader for it exists; else it is refused with `unsupported_format`."""


CYCLONEDX_JSON: Final = "application/vnd.cyclonedx+json"
SPDX_JSON: Final = "application/spdx+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"

POD_KINDS: Final = frozenset({"Pod", "PodList", "List"})

_HEAD_BYTES: Final = 65_536
_ARCHIVES: Final = ((b"PK\x03\x04", "a zip archive"), (b"\x7fELF", "a program"), (b"%PDF", "a PDF file"))
_XML_ENCODING: Final = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
_SPDX_TAG: Final = re.compile(rb"^SPDXVersion:\s*SPDX-(\S+)", re.MULTILINE)
_SPDX_YAML: Final = re.compile(rb"^spdxVersion:\s*[\"']?SPDX-([^\s\"']+)", re.MULTILINE)
_YAML_KUBERNETES: Final = re.compile(rb"^apiVersion:\s*\S+", re.MULTILINE)
_YAML_WORKFLOW: Final = re.compile(rb"^jobs:\s*$", re.MULTILINE)


def detect(data: bytes) -> Detected:
    """Say what a document is, whether or not there is a reader for it.

    Raises FormatError: `empty_document`, `not_utf8`, `bad_json` and its relatives, `duplicate_key`, `wrong_shape`,
    `format_mismatch`, `dtd_forbidden`, `unknown_format`.
    """
    _refuse_binary(data)
    return detect_text(require_utf8(data))


def detect_text(text: Utf8) -> Detected:
    """Recognise bytes that were already checked to be UTF-8; see `detect`."""
    start = text.data[:_HEAD_BYTES].lstrip()
    if start.startswith(b"<"):
        return _detect_xml(start)
    if start.startswith((b"{", b'"')) or start[:1].isdigit():
        return _detect_json(text)
    if start.startswith(b"["):
        return _detect_list(text)
    if start.strip() in {b"true", b"false", b"null"}:
        raise FormatError("wrong_shape", "The document must be a JSON object.")
    return _detect_lines(start)


def detect_members(members: Members) -> Detected:
    """Recognise a JSON document by its top-level members. Raises FormatError `format_mismatch` or `unknown_format`."""
    for recogniser in (_sbom, _attestation, _statement_of_harm, _runtime, _image, _scan):
        found = recogniser(members)
        if found is not None:
            return found
    names = ", ".join(sorted(members)[:8])
    raise FormatError("unknown_format", f"This JSON document is no format we know. Its names: {names[:200] or 'none'}.")


def _refuse_binary(data: bytes) -> None:
    for magic, name in _ARCHIVES:
        if data.startswith(magic):
            raise FormatError("unsupported_format", f"This is {name}. Send the document itself.")
    if data[257:262] == b"ustar":
        raise FormatError("unsupported_format", "This is a tar archive. Send the document itself.")


def _detect_json(text: Utf8) -> Detected:
    try:
        members = json_parts.read_members(text)
    except FormatError as error:
        lines = _detect_json_lines(text) if error.code == "trailing_data" else None
        if lines is None:
            raise
        return lines
    return detect_members(members)


def _detect_json_lines(text: Utf8) -> Detected | None:
    """Attestations come one a line from some tools; no other format is read that way."""
    try:
        first = detect_members(json_parts.read_members(Utf8(text.data.split(b"\n", 1)[0], bom_stripped=False)))
    except FormatError:
        return None  # The caller's own error, trailing data, says what is wrong.
    return first if first.kind is Kind.ATTESTATION else None


def _detect_list(text: Utf8) -> Detected:
    """The only JSON array that is a document is a list of deployment records."""
    items = json_parts.array_items(msgspec.Raw(text.data), pointer="")
    first = next((item for item in items if json_parts.first_byte(item) == "{"), None)
    found = _runtime(json_parts.object_members(first, pointer="/0")) if first is not None else None
    if found is None:
        raise FormatError("wrong_shape", "A JSON array is read only as a list of deployment records.")
    return found


def _detect_xml(start: bytes) -> Detected:
    encoding = _XML_ENCODING.search(start)
    if encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise FormatError("not_utf8", "The XML declares an encoding other than UTF-8. Send it as UTF-8.")
    if b"<!DOCTYPE" in start.upper():
        raise FormatError("dtd_forbidden", "The XML has a DOCTYPE, which is never read. Remove it.")
    version = re.search(rb"cyclonedx\.org/schema/bom/([0-9.]+)", start)
    if version:
        return Detected(Kind.SBOM, "cyclonedx-xml", version[1].decode(), "application/vnd.cyclonedx+xml")
    if b"spdx.org/rdf" in start:
        return Detected(Kind.SBOM, "spdx-rdf", "", "application/rdf+xml")
    if b"<spdxVersion>" in start:
        return Detected(Kind.SBOM, "spdx-xml", "", "application/xml")
    raise FormatError("unknown_format", "This XML document is no format we know.")


def _detect_lines(start: bytes) -> Detected:
    for pattern, name in ((_SPDX_TAG, "spdx-tag-value"), (_SPDX_YAML, "spdx-yaml")):
        match = pattern.search(start)
        if match:
            return Detected(Kind.SBOM, name, match[1].decode(errors="replace"), "text/plain")
    if _YAML_KUBERNETES.search(start):
        return Detected(Kind.DEPLOYMENT, "kubernetes-yaml", "", "application/yaml")
    if _YAML_WORKFLOW.search(start):
        return Detected(Kind.WORKFLOW, "github-workflow", "", "application/yaml")
    raise FormatError("unknown_format", "The document is neither JSON, XML nor SPDX text.")


def _sbom(members: Members) -> Detected | None:
    bom_format, spdx_version = _text(members, "bomFormat"), _text(members, "spdxVersion")
    if "bomFormat" in members:
        if (bom_format or "").lower() != "cyclonedx" or "spdxVersion" in members:
            message = f"bomFormat is {(bom_format or '')[:40]!r}; CycloneDX says 'CycloneDX' and has no spdxVersion."
            raise FormatError("format_mismatch", message, pointer="/bomFormat")
        return _cyclonedx(members)
    if "specVersion" in members and ("components" in members or "cyclonedx" in (_text(members, "$schema") or "")):
        return _cyclonedx(members)
    if spdx_version is not None:
        return _spdx(spdx_version, wrapper="")
    for wrapper in ("sbom", "Document"):
        inner = _inner(members, wrapper)
        version = _text(inner, "spdxVersion") if inner else None
        if version is not None:
            return _spdx(version, wrapper="/" + wrapper)
    if "@context" in members and "@graph" in members:
        return Detected(Kind.SBOM, "spdx-3", "3", "application/spdx+json")
    return None


def _cyclonedx(members: Members) -> Detected:
    return Detected(Kind.SBOM, "cyclonedx", _text(members, "specVersion") or "", CYCLONEDX_JSON, readable=True)


def _spdx(version: str, *, wrapper: str) -> Detected:
    return Detected(Kind.SBOM, "spdx", version.removeprefix("SPDX-"), SPDX_JSON, wrapper=wrapper, readable=True)


def _attestation(members: Members) -> Detected | None:
    if "verificationMaterial" in members or "sigstore.bundle" in (_text(members, "mediaType") or ""):
        return Detected(Kind.ATTESTATION, "sigstore-bundle", "", "application/vnd.dev.sigstore.bundle+json")
    if "payloadType" in members and "payload" in members:
        return Detected(Kind.ATTESTATION, "dsse", "", "application/vnd.dsse.envelope+json")
    statement = _text(members, "_type") or ""
    if "predicateType" in members or statement.startswith("https://in-toto.io/Statement"):
        return Detected(Kind.ATTESTATION, "in-toto", statement.rpartition("/")[2], "application/vnd.in-toto+json")
    return None


def _statement_of_harm(members: Members) -> Detected | None:
    if "openvex.dev" in (_text(members, "@context") or ""):
        return Detected(Kind.VEX, "openvex", (_text(members, "@context") or "").rpartition("/")[2])
    document = _inner(members, "document")
    if document and "csaf_version" in document:
        return Detected(Kind.VEX, "csaf", _text(document, "csaf_version") or "")
    if "id" in members and "modified" in members and ("affected" in members or "withdrawn" in members):
        return Detected(Kind.ADVISORY, "osv", _text(members, "schema_version") or "")
    if "scorecard" in members and "checks" in members:
        return Detected(Kind.POSTURE, "scorecard", "")
    return None


def _runtime(members: Members) -> Detected | None:
    kind = _text(members, "kind")
    if kind is not None and "apiVersion" in members:
        version = _text(members, "apiVersion") or ""
        is_readable = kind in POD_KINDS
        shown = version if is_readable else f"{kind} ({version})"
        return Detected(Kind.DEPLOYMENT, "kubernetes", shown[:80], readable=is_readable)
    if "records" in members and ("observed_at" in members or "namespaces" in members):
        return Detected(Kind.DEPLOYMENT, "deployment", "", readable=True)
    ours = {"cluster", "namespace", "workload", "container"} & members.keys()
    github = {"deployment_name", "deployments", "logical_environment"} & members.keys()
    if len(ours) >= 3 or len(github) >= 2 or ("deployment_name" in members and "digest" in members):
        return Detected(Kind.DEPLOYMENT, "deployment", "", readable=True)
    return None


def _image(members: Members) -> Detected | None:
    if "schemaVersion" not in members:
        return None
    media_type = _text(members, "mediaType")
    version = str(json_parts.decode_value(members["schemaVersion"]))[:8]
    if version != "2":
        return Detected(Kind.IMAGE, "docker-schema1", version)
    if "manifests" in members:
        return Detected(Kind.IMAGE, "oci-index", version, media_type or OCI_INDEX, readable=True)
    if "config" in members and "layers" in members:
        return Detected(Kind.IMAGE, "oci-manifest", version, media_type or OCI_MANIFEST, readable=True)
    return None


def _scan(members: Members) -> Detected | None:
    if "artifacts" in members and "descriptor" in members:
        return Detected(Kind.SBOM, "syft-json", "")
    if "matches" in members and "descriptor" in members:
        return Detected(Kind.OTHER, "grype-json", "")
    if "SchemaVersion" in members and ("Results" in members or "ArtifactName" in members):
        return Detected(Kind.OTHER, "trivy-json", "")
    return None


def _text(members: Members, name: str) -> str | None:
    """Return a member that is a string; None when it is absent or anything else."""
    raw = members.get(name)
    if raw is None or json_parts.first_byte(raw) != '"':
        return None
    value = json_parts.decode_value(raw)
    return value if isinstance(value, str) else None


def _inner(members: Members, name: str) -> Members | None:
    raw = members.get(name)
    if raw is None or json_parts.first_byte(raw) != "{":
        return None
    return json_parts.object_members(raw, pointer="/" + name)
