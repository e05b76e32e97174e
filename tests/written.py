"""Documents for tests and drills, written as bytes. It knows nothing of the product: drills have no settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def digest(name: str) -> str:
    """Return a well-formed digest that is always the same for the same name."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def cyclonedx(
    *components: str | Mapping[str, Any],
    subject: str = "",
    name: str = "registry.example/shop:1.0",
    tool: str = "syft",
    dependencies: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """Write a CycloneDX document. A component is a purl, or the members of a component; `subject` is a digest.

    `dependencies` maps refs to refs: "root", and the purl (or `bom-ref`) of a component.
    """
    root: dict[str, Any] = {"type": "container", "bom-ref": "root", "name": name}
    if subject:
        root["version"] = subject
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root, "tools": {"components": [{"type": "application", "name": tool}]}},
        "components": [_component(component) for component in components],
    }
    if dependencies is not None:
        document["dependencies"] = [{"ref": ref, "dependsOn": list(on)} for ref, on in dependencies.items()]
    return json.dumps(document).encode()


def advisory(
    identifier: str, *, ecosystem: str = "npm", name: str, versions: Sequence[str] = ("1",), **more: Any
) -> bytes:
    """Write an OSV record that names these versions of one package."""
    affected = [{"package": {"ecosystem": ecosystem, "name": name}, "versions": list(versions)}]
    return json.dumps({"id": identifier, "modified": "2026-03-01T00:00:00Z", "affected": affected, **more}).encode()


def image_index(*members: str, architectures: Sequence[str] = ("amd64", "arm64", "arm", "s390x")) -> bytes:
    """Write an OCI image index of these manifests, one an architecture; its digest is that of the bytes."""
    manifests = [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": member,
            "size": 1000,
            "platform": {"os": "linux", "architecture": architecture},
        }
        for member, architecture in zip(members, architectures, strict=False)
    ]
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests}
    return json.dumps(index).encode()


def image_manifest(config: str) -> bytes:
    """Write an OCI image manifest with this config digest; its own digest is that of the bytes."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 1},
        "layers": [],
    }
    return json.dumps(manifest).encode()


def referring_manifest(subject: str) -> bytes:
    """Write an OCI manifest that refers to another one, as a signature stored beside an image does."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.example.signature",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest("empty"), "size": 2},
        "layers": [],
        "subject": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": subject, "size": 1000},
    }
    return json.dumps(manifest).encode()


def registry_event(
    target: str,
    *,
    repository: str = "shop/api",
    tag: str = "1.0",
    action: str = "push",
    told_at: str = "2026-03-01T11:00:00Z",
) -> bytes:
    """Write the notification of a registry that a tag was pushed or pulled."""
    event = {
        "id": f"{action} {tag} {target} {told_at}",
        "timestamp": told_at,
        "action": action,
        "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": target,
            "repository": repository,
            "tag": tag,
        },
        "request": {"host": "registry.example"},
        "actor": {"name": "ci"},
    }
    return json.dumps({"events": [event]}).encode()


def openvex(*products: str, name: str = "CVE-2026-0001", status: str = "under_investigation") -> bytes:
    """Write an OpenVEX document of one statement about these products."""
    statement = {"vulnerability": {"name": name}, "products": [{"@id": one} for one in products], "status": status}
    return json.dumps(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": "https://example.com/vex/1",
            "author": "Acme Security",
            "timestamp": "2026-02-01T00:00:00Z",
            "version": 1,
            "statements": [statement],
        }
    ).encode()


def digest_of(data: bytes) -> str:
    """Return the digest of a document, which is that of the image when the document is its index or manifest."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def deployment(
    *,
    cluster: str = "prod-eu",
    namespace: str = "shop",
    workload: str = "Deployment/api",
    container: str = "app",
    **members: Any,
) -> dict[str, Any]:
    """Return one deployment record; `digest=`, `image=` and whatever else api.md lists."""
    return {"cluster": cluster, "namespace": namespace, "workload": workload, "container": container, **members}


def _component(component: str | Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(component, str):
        return {"type": "library", **component}
    path, _, version = component.removeprefix("pkg:").partition("?")[0].rpartition("@")
    return {
        "type": "library",
        "bom-ref": component,
        "name": path.rpartition("/")[2],
        "version": version,
        "purl": component,
    }
