"""Text that is neither JSON nor XML: SPDX tag-value, and YAML by what it begins with."""

from __future__ import annotations

import re
from typing import Final

from inventory.formats.detected import Detected, Kind
from inventory.formats.recognise.protobuf import recognise_protobuf_text
from inventory.formats.records import FormatError

SPDX_TAG_VALUE: Final = "text/spdx"
YAML: Final = "application/yaml"

_SPDX_TAG: Final = re.compile(rb"^SPDXVersion:\s*SPDX-(\S+)", re.MULTILINE)
_SPDX_YAML: Final = re.compile(rb"^spdxVersion:\s*[\"']?SPDX-([^\s\"']+)", re.MULTILINE)
_SPDX_ID: Final = re.compile(rb"^SPDXID:", re.MULTILINE)
_YAML_KUBERNETES: Final = re.compile(rb"^apiVersion:\s*\S+", re.MULTILINE)
_YAML_JOBS: Final = re.compile(rb"^[\"']?jobs[\"']?\s*:", re.MULTILINE)
_YAML_TRIGGER: Final = re.compile(rb"^[\"']?on[\"']?\s*:", re.MULTILINE)
_YAML_RUNS: Final = re.compile(rb"^runs\s*:", re.MULTILINE)
_YAML_USING: Final = re.compile(rb"^[\s,{]+[\"']?using[\"']?\s*:", re.MULTILINE)

_YAML_SERVICES: Final = re.compile(rb"^services:\s*$", re.MULTILINE)
_YAML_IMAGE: Final = re.compile(rb"^\s+(image|build):", re.MULTILINE)
_YAML_ID: Final = re.compile(rb"^id:\s*[\"']?[A-Z]", re.MULTILINE)
_YAML_MODIFIED: Final = re.compile(rb"^modified:\s*\S", re.MULTILINE)


def recognise_lines(start: bytes, *, whole: bytes) -> Detected:
    """Recognise text by its first lines; SPDX in YAML may say at its end what it is. Raises `unknown_format`."""
    if match := _SPDX_TAG.search(start):
        return Detected(Kind.SBOM, "spdx-tag-value", match[1].decode(errors="replace"), SPDX_TAG_VALUE)
    if match := _SPDX_YAML.search(whole if _SPDX_ID.search(start) else start):
        return Detected(Kind.SBOM, "spdx-yaml", match[1].decode(errors="replace"), YAML)
    if _YAML_KUBERNETES.search(start):
        return Detected(Kind.DEPLOYMENT, "kubernetes-yaml", "", YAML)
    if _YAML_JOBS.search(start) or _YAML_TRIGGER.search(start):
        return Detected(Kind.WORKFLOW, "github-workflow", "", YAML)
    if _YAML_RUNS.search(start) and _YAML_USING.search(start):
        return Detected(Kind.WORKFLOW, "github-action", "", YAML)
    if _YAML_ID.search(start) and _YAML_MODIFIED.search(start):
        return Detected(Kind.ADVISORY, "osv-yaml", "", YAML)
    if _YAML_SERVICES.search(start) and _YAML_IMAGE.search(start):
        return Detected(Kind.DEPLOYMENT, "compose-file", "", YAML)
    protobuf = recognise_protobuf_text(start)
    if protobuf is not None:
        return protobuf
    message = "The document is neither JSON, XML nor SPDX text. A list of indicators is sent with kind=list and a name."
    raise FormatError("unknown_format", message)
