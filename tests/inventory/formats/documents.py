"""Small documents made where they are read, so that a test shows what is wrong with them."""

import json
from typing import Any

Json = dict[str, Any]


def cyclonedx(*components: Any, **members: Any) -> Json:
    """A CycloneDX 1.6 document with these components."""
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": list(components), **members}


def component(name: str, /, **members: Any) -> Json:
    """A component whose reference is its name; pass `bom_ref` for another."""
    ref = members.pop("bom_ref", name)
    return {"type": "library", "bom-ref": ref, "name": name, "version": "1.0.0", **members}


def spdx(*packages: Any, **members: Any) -> Json:
    """An SPDX 2.3 document with these packages."""
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "made for a test",
        "documentNamespace": "https://example.test/spdx/1",
        "creationInfo": {"created": "2026-01-02T03:04:05Z", "creators": ["Tool: syft-1.18.1"]},
        "packages": list(packages),
        **members,
    }


def package(name: str, /, **members: Any) -> Json:
    """A package whose id is `SPDXRef-` and its name."""
    return {
        "SPDXID": f"SPDXRef-{name}",
        "name": name,
        "versionInfo": "1.0",
        "downloadLocation": "NOASSERTION",
        **members,
    }


def relation(source: str, kind: str, target: str) -> Json:
    """A relationship between packages by name; DOCUMENT, NONE and NOASSERTION stand for themselves."""
    return {"spdxElementId": _spdx_id(source), "relationshipType": kind, "relatedSpdxElement": _spdx_id(target)}


def pod(name: str = "api-7d4b9c6f5d-x2x9z", **members: Any) -> Json:
    """A running pod of Deployment `api` with one container, unless told otherwise."""
    metadata = {
        "name": name,
        "namespace": "shop",
        "labels": {"pod-template-hash": "7d4b9c6f5d", "app.kubernetes.io/name": "api"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "api-7d4b9c6f5d", "controller": True}],
    }
    spec = {"containers": [{"name": "main", "image": "registry.example/shop/api:1.0"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status(), **members}


def status(*, image_id: str = "registry.example/shop/api@sha256:" + "a" * 64) -> Json:
    """The status of a pod whose container `main` runs."""
    started = {"running": {"startedAt": "2026-03-01T10:02:00Z"}}
    return {"phase": "Running", "containerStatuses": [{"name": "main", "imageID": image_id, "state": started}]}


def encode(document: Any) -> bytes:
    """The document as UTF-8 JSON."""
    return json.dumps(document).encode()


def _spdx_id(name: str) -> str:
    return name if name in {"NONE", "NOASSERTION"} else f"SPDXRef-{name}"
