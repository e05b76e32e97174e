"""This product's own SBOM, from the lock files it is installed from: CycloneDX 1.6, the same bytes for the same locks.

A Python lock names the hashes of every wheel of a version and cannot say which one is installed, so only npm packages,
which are one file each, carry theirs.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;]+)(?P<marker>\s*;)?", re.MULTILINE
)
_WANTED_BY = re.compile(r"^ +# (?: +|via )(?P<name>[a-z0-9][a-z0-9._-]*)$", re.MULTILINE)
_NODE_FOLDER = "node_modules/"


@dataclass(frozen=True, slots=True)
class Locked:
    """One locked package; `wanted_by` names packages of the same lock, none when only we want it."""

    purl: PackageURL
    wanted_by: frozenset[str]
    is_conditional: bool = False
    sha512: str = ""


def write_own_sbom(checkout: Path) -> str:
    """Return the SBOM of what a checkout's runtime lock and npm lock install."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locks = (
        read_requirements((checkout / "requirements.txt").read_text(encoding="utf-8")),
        read_npm_lock(json.loads((checkout / "package-lock.json").read_text(encoding="utf-8"))),
    )
    ourselves = _component(Locked(PackageURL("generic", None, project["name"], project["version"]), frozenset()))
    ourselves.type = ComponentType.APPLICATION
    bom = Bom()
    bom.metadata.component = ourselves
    for lock in locks:
        _add(lock, bom=bom, ourselves=ourselves)
    return _reproducible(bom)


def read_requirements(text: str) -> list[Locked]:
    """Read a lock as `uv pip compile` writes it, with its `# via` notes."""
    found = list(_ENTRY.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return [
        Locked(
            PackageURL("pypi", None, match["name"], match["version"]),
            frozenset(_WANTED_BY.findall(text, match.end(), end)),
            is_conditional=match["marker"] is not None,
        )
        for match, end in zip(found, ends, strict=True)
    ]


def read_npm_lock(lock: dict[str, Any]) -> list[Locked]:
    """Read an npm lock of version 3, without what only development needs."""
    entries = {
        path.rpartition(_NODE_FOLDER)[2]: entry
        for path, entry in lock["packages"].items()
        if path and not entry.get("dev")
    }
    return [
        Locked(
            PackageURL("npm", name.rpartition("/")[0] or None, name.rpartition("/")[2], entry["version"]),
            frozenset(other for other, wants in entries.items() if name in wants.get("dependencies", {})),
            sha512=base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex(),
        )
        for name, entry in entries.items()
    ]


def _add(lock: list[Locked], *, bom: Bom, ourselves: Component) -> None:
    components = {_name(locked): _component(locked) for locked in lock}
    bom.components.update(components.values())
    for locked in lock:
        for parent in locked.wanted_by or {""}:
            bom.register_dependency(components[parent] if parent else ourselves, [components[_name(locked)]])


def _name(locked: Locked) -> str:
    return "/".join(filter(None, (locked.purl.namespace, locked.purl.name)))


def _component(locked: Locked) -> Component:
    return Component(
        type=ComponentType.LIBRARY,
        bom_ref=str(locked.purl),
        group=locked.purl.namespace,
        name=locked.purl.name,
        version=locked.purl.version,
        purl=locked.purl,
        scope=ComponentScope.OPTIONAL if locked.is_conditional else None,
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=locked.sha512)] if locked.sha512 else None,
    )


def _reproducible(bom: Bom) -> str:
    """Write it without the time, and with a serial number made from the content."""
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"], document["serialNumber"]
    document["serialNumber"] = f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(document))}"
    return json.dumps(document, indent=1)
