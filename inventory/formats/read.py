"""The one door from bytes to records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inventory.formats import json_parts
from inventory.formats.attestations.read import read_attestations
from inventory.formats.attestations.reported import read_policy_controller
from inventory.formats.collector import collector_paused
from inventory.formats.convert import CONVERTERS
from inventory.formats.csaf import read_csaf
from inventory.formats.cyclonedx import read_cyclonedx
from inventory.formats.cyclonedx_xml import read_cyclonedx_xml
from inventory.formats.deployments import read_deployments
from inventory.formats.detect import detect_text, refuse_binary
from inventory.formats.detected import Detected, Kind
from inventory.formats.document import Document
from inventory.formats.envelope import unwrap
from inventory.formats.github_advisories import read_github_advisories
from inventory.formats.known_components import list_components
from inventory.formats.kubernetes import read_kubernetes
from inventory.formats.limits import DEFAULT_LIMITS, Limits
from inventory.formats.lists.document import read_list, recognise_list
from inventory.formats.oci import read_image
from inventory.formats.openvex import read_openvex
from inventory.formats.osv import read_osv, read_osv_yaml
from inventory.formats.osv_zip import ZIP_MAGIC, read_osv_zip
from inventory.formats.posture.records import PostureRecord
from inventory.formats.posture.ref_rules import read_branch_protection, read_rulesets
from inventory.formats.posture.run_records import WorkflowRunsRecord
from inventory.formats.posture.sarif import read_sarif
from inventory.formats.posture.scorecard import read_scorecard
from inventory.formats.posture.workflow_records import WorkflowRecord
from inventory.formats.posture.workflow_runs import FORMAT as WORKFLOW_RUNS
from inventory.formats.posture.workflow_runs import read_workflow_runs
from inventory.formats.posture.workflows import read_action, read_workflow
from inventory.formats.records import FormatError, SbomRecord
from inventory.formats.registry_events import read_registry_events
from inventory.formats.source import Source
from inventory.formats.spdx2 import read_spdx2
from inventory.formats.spdx2_elements import read_elements
from inventory.formats.spdx2_syntaxes import SYNTAXES
from inventory.formats.spdx3 import read_spdx3
from inventory.formats.syft import read_syft
from inventory.formats.text import Utf8, require_utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inventory.formats.envelope import Grown


def _read_cyclonedx(source: Source) -> Document:
    members = json_parts.read_members(source.text)
    if "components" in members:
        source.listed = list_components(members["components"], pointer="/components")
    return _statements_alone(
        read_cyclonedx(source.text, members, limits=source.limits, listed=source.listed, hear=source.hear)
    )


def _read_cyclonedx_xml(source: Source) -> Document:
    version = source.detected.format_version
    return _statements_alone(read_cyclonedx_xml(source.text, version=version, limits=source.limits))


def _statements_alone(record: SbomRecord) -> Document:
    """Return the statements of a document that lists no component: it is a VEX document, and covers nothing."""
    if record.vex is None or record.components or record.rejected_count:
        return record
    record.vex.warnings = record.warnings
    return record.vex


def _read_syft(source: Source) -> Document:
    return read_syft(source.text, limits=source.limits)


def _read_spdx2(source: Source) -> Document:
    members = json_parts.read_members(source.text)
    return read_spdx2(source.text, members, wrapper=source.detected.wrapper, limits=source.limits)


def _read_spdx3(source: Source) -> Document:
    return read_spdx3(source.text, json_parts.read_members(source.text), limits=source.limits)


def _read_spdx2_elements(source: Source) -> Document:
    return read_elements(source.text, SYNTAXES[source.detected.format], limits=source.limits)


def _read_image(source: Source) -> Document:
    return read_image(source.data, source.text, source.detected, limits=source.limits)


def _read_posture(
    reader: Callable[..., PostureRecord | WorkflowRecord | WorkflowRunsRecord],
) -> Callable[[Source], Document]:
    return lambda source: reader(source.text, limits=source.limits)


def _read_registry_events(source: Source) -> Document:
    return read_registry_events(source.text, limits=source.limits)


def _read_attestations(source: Source) -> Document:
    def read_document(data: bytes) -> Document:
        return _read_inside(data, limits=source.limits)

    return read_attestations(source.text, source.detected, limits=source.limits, read_document=read_document)


def _read_policy_controller(source: Source) -> Document:
    return read_policy_controller(source.text, source.detected, limits=source.limits)


def _read_deployments(source: Source) -> Document:
    return read_deployments(source.text, limits=source.limits)


def _read_kubernetes(source: Source) -> Document:
    return read_kubernetes(source.text, limits=source.limits)


def _read_openvex(source: Source) -> Document:
    return read_openvex(source.text, version=source.detected.format_version, limits=source.limits)


def _read_osv(source: Source) -> Document:
    return read_osv(source.text, version=source.detected.format_version, limits=source.limits)


def _read_osv_yaml(source: Source) -> Document:
    return read_osv_yaml(source.text, limits=source.limits)


def _read_csaf(source: Source) -> Document:
    return read_csaf(source.text, limits=source.limits)


def _read_osv_zip(source: Source) -> Document:
    return read_osv_zip(source.data, limits=source.limits)


def _read_github_advisories(source: Source) -> Document:
    return read_github_advisories(source.text, limits=source.limits)


def _read_list(source: Source) -> Document:
    return read_list(source.text, limits=source.limits)


READERS: Final[Mapping[str, Callable[[Source], Document]]] = {
    "cyclonedx": _read_cyclonedx,
    "cyclonedx-xml": _read_cyclonedx_xml,
    "syft-json": _read_syft,
    "spdx": _read_spdx2,
    "spdx-3": _read_spdx3,
    **dict.fromkeys(SYNTAXES, _read_spdx2_elements),
    "oci-index": _read_image,
    "oci-manifest": _read_image,
    "oci-config": _read_image,
    "registry-events": _read_registry_events,
    "deployment": _read_deployments,
    "kubernetes": _read_kubernetes,
    "kubernetes-object": _read_kubernetes,
    "openvex": _read_openvex,
    "scorecard": _read_posture(read_scorecard),
    "sarif": _read_posture(read_sarif),
    "github-branch-protection": _read_posture(read_branch_protection),
    "github-ruleset": _read_posture(read_rulesets),
    "github-workflow": _read_posture(read_workflow),
    "github-action": _read_posture(read_action),
    WORKFLOW_RUNS: _read_posture(read_workflow_runs),
    "csaf": _read_csaf,
    "osv": _read_osv,
    "osv-yaml": _read_osv_yaml,
    "osv-zip": _read_osv_zip,
    "github-advisory": _read_github_advisories,
    "list": _read_list,
    "in-toto": _read_attestations,
    "dsse": _read_attestations,
    "sigstore-bundle": _read_attestations,
    "in-toto-metablock": _read_attestations,
    "pypi-attestation": _read_attestations,
    "simple-signing": _read_attestations,
    "cosign-signature": _read_attestations,
    "attestations": _read_attestations,
    "pypi-provenance": _read_attestations,
    "gcloud-provenance": _read_attestations,
    "gh-verify": _read_attestations,
    "policy-controller": _read_policy_controller,
}
"""By the name of the format, as recognised. What is recognised and not here is refused by its name."""


_INSTEAD: Final = {
    "kubernetes-yaml": "A manifest says what is wanted, not what runs. Send what runs: kubectl get pods -A -o json.",
    "kubernetes-admission": "It asks whether something may run. Send what runs: kubectl get pods -A -o json.",
    "compose-file": "It says what is wanted, not what runs. Send what runs: docs/formats.md, Other runtimes.",
    **{name: f"Convert it first: ./run manage convert_runtime --from {name}." for name in CONVERTERS},
}
"""What to send instead of a format that is recognised and not read."""

_OSV_ZIP: Final = Detected(Kind.ADVISORY, "osv-zip", "", "application/zip")
_NO_TEXT: Final = Utf8(b"", bom_stripped=False)


def read_document(data: bytes, *, limits: Limits = DEFAULT_LIMITS, kind: str | None = None) -> Document:
    """Read a document of any format there is a reader for.

    `kind` is what the sender said it is: anything else is refused with `kind_mismatch`. Raises FormatError and nothing
    else, whatever the bytes; docs/formats.md lists the codes.
    """
    return read_source(open_document(data, limits=limits, kind=kind))


def open_document(
    data: bytes, *, limits: Limits = DEFAULT_LIMITS, kind: str | None = None, grown: Grown | None = None
) -> Source:
    """Unwrap and recognise a document; see `read_document`.

    `grown` is told how large it is once unpacked, while it grows, and may raise; of a zip all that one may hold.
    """
    body = unwrap(data, limits=limits, grown=grown).data
    if body.startswith(ZIP_MAGIC) and kind == Kind.ADVISORY:
        if grown is not None:
            grown(limits.zip_inflated_bytes)
        return Source(body, _NO_TEXT, _OSV_ZIP, limits)
    refuse_binary(body)
    text = require_utf8(body)
    detected = _detect(text, kind=kind)
    if kind is not None and kind != detected.kind:
        message = f"This is {detected.kind} ({detected.format}), not {kind[:40]}."
        raise FormatError("kind_mismatch", message)
    if detected.format not in READERS:
        name = f"{detected.format} {detected.format_version}".strip()
        message = f"This is {name[:80]}, which is not read. {_INSTEAD.get(detected.format, '')}".rstrip()
        raise FormatError("unsupported_format", message)
    return Source(body, text, detected, limits)


def read_source(source: Source) -> Document:
    """Read a document that was opened; see `read_document`."""
    with collector_paused():
        return READERS[source.detected.format](source)


def _read_inside(data: bytes, *, limits: Limits) -> Document:
    """Read the SBOM or VEX document that a statement holds: no compressed file, and no attestation again."""
    text = require_utf8(data)
    detected = detect_text(text)
    reader = READERS.get(detected.format) if detected.kind in {Kind.SBOM, Kind.VEX} else None
    if reader is None:
        name = f"{detected.format} {detected.format_version}".strip()
        raise FormatError("unsupported_format", f"The predicate is {name[:80]}, which is not read yet.")
    return reader(Source(data, text, detected, limits))


def _detect(text: Utf8, *, kind: str | None) -> Detected:
    """Recognise a document; what was sent as a runtime report and is nothing else is read as one, to name defects.

    A list is what its sender calls one and is nothing else.
    """
    if kind == Kind.LIST:
        return recognise_list(text, detect=detect_text)
    try:
        return detect_text(text)
    except FormatError as error:
        if kind == Kind.DEPLOYMENT and error.code in {"unknown_format", "wrong_shape"}:
            return Detected(Kind.DEPLOYMENT, "deployment", "")
        raise
