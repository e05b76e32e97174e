"""Text that is neither JSON nor XML: SPDX tag-value, and YAML by what it begins with."""

from __future__ import annotations

import re
from typing import Final

from inventory.formats.detected import Detected, Kind
from inventory.formats.records import FormatError

_SPDX_TAG: Final = re.compile(rb"^SPDXVersion:\s*SPDX-(\S+)", re.MULTILINE)
_SPDX_YAML: Final = re.compile(rb"^spdxVersion:\s*[\"']?SPDX-([^\s\"']+)", re.MULTILINE)
_YAML_KUBERNETES: Final = re.compile(rb"^apiVersion:\s*\S+", re.MULTILINE)
_YAML_WORKFLOW: Final = re.compile(rb"^jobs:\s*$", re.MULTILINE)


def recognise_lines(start: bytes) -> Detected:
    """Recognise text by its first lines. Raises FormatError `unknown_format`."""
    for pattern, name in ((_SPDX_TAG, "spdx-tag-value"), (_SPDX_YAML, "spdx-yaml")):
        match = pattern.search(start)
        if match:
            return Detected(Kind.SBOM, name, match[1].decode(errors="replace"), "text/plain")
    if _YAML_KUBERNETES.search(start):
        return Detected(Kind.DEPLOYMENT, "kubernetes-yaml", "", "application/yaml")
    if _YAML_WORKFLOW.search(start):
        return Detected(Kind.WORKFLOW, "github-workflow", "", "application/yaml")
    raise FormatError("unknown_format", "The document is neither JSON, XML nor SPDX text.")
