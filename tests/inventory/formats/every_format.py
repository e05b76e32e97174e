"""One small document of every format that is read, which its reader takes without a refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests import attested
from tests.attested import bundle, dsse, encode, statement
from tests.inventory.formats.advisory_files import osv, zipped
from tests.inventory.formats.documents import component, cyclonedx, package, pod, relation, spdx
from tests.inventory.formats.fixtures import raw
from tests.inventory.formats.posture.documents import WORKFLOW, protection, result, ruleset, sarif, scorecard
from tests.inventory.formats.posture.test_workflow_runs import run
from tests.inventory.formats.spdx_writers import rdf, tag_value, xml, yaml_text
from tests.inventory.formats.test_spdx3 import graph, related
from tests.inventory.formats.test_spdx3 import package as graph_package
from tests.inventory.formats.xml_writer import cyclonedx_xml


@dataclass(frozen=True, slots=True)
class Sample:
    """A document, and what its sender must say of it where its content does not."""

    data: bytes
    kind: str | None = None


A = "sha256:" + "a" * 64
_LABELS = {"org.opencontainers.image.base.digest": A, "org.opencontainers.image.source": "https://github.com/a/b"}
_LINK = {"_type": "link", "name": "n", "products": {"a": {"sha256": "a" * 64}}}
_SIMPLE = {"critical": {"image": {"docker-manifest-digest": A}, "identity": {}, "type": "x"}, "optional": {"a": "b"}}
_PYPI = {
    "version": 1,
    "verification_material": {"certificate": attested.text("c"), "transparency_entries": [{"logIndex": "1"}]},
    "envelope": {"statement": attested.text(json.dumps(statement(A))), "signature": attested.text("s")},
}
_EVENT = {"action": "push", "target": {"digest": A, "repository": "a/b", "tag": "1", "url": "https://r.example/"}}
_LAYER = {
    "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
    "digest": A,
    "annotations": {"dev.cosignproject.cosign/signature": "eA=="},
}
_SPDX = spdx(
    package("a", checksums=[{"algorithm": "SHA1", "checksumValue": "a" * 40}], attributionTexts=["one", "two"]),
    package("b"),
    relationships=[relation("DOCUMENT", "DESCRIBES", "a"), relation("a", "CONTAINS", "b")],
)
_CYCLONEDX = cyclonedx(
    component("a", purl="pkg:npm/a@1", components=[component("b")], hashes=[{"alg": "SHA-256", "content": "0" * 64}]),
    component("c", pedigree={"ancestors": [component("d")]}),
    metadata={"component": component("root")},
    services=[{"bom-ref": "s", "name": "s"}],
    dependencies=[{"ref": "root", "dependsOn": ["a", "s"]}],
    vulnerabilities=[{"id": "CVE-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "a"}]}],
)
_SYFT = {
    "artifacts": [{"id": "a", "name": "a", "version": "1", "type": "npm", "purl": "pkg:npm/a@1"}],
    "artifactRelationships": [{"parent": "a", "child": "a", "type": "dependency-of"}],
    "source": {"type": "image", "metadata": {"manifestDigest": A}},
    "descriptor": {"name": "syft", "version": "1.18.1"},
    "schema": {"version": "16.0.0"},
}
_JSON: dict[str, Any] = {
    "cyclonedx": _CYCLONEDX,
    "syft-json": _SYFT,
    "spdx": _SPDX,
    "spdx-3": graph(graph_package("app"), graph_package("b"), related("app", "dependsOn", "b")),
    "oci-index": {"schemaVersion": 2, "manifests": [{"digest": A, "artifactType": "x", "annotations": _LABELS}]},
    "oci-manifest": {"schemaVersion": 2, "config": {"digest": A}, "subject": {"digest": A}, "layers": [_LAYER]},
    "oci-config": {"architecture": "a", "os": "l", "rootfs": {"diff_ids": [A]}, "config": {"Labels": _LABELS}},
    "registry-events": {"events": [_EVENT]},
    "kubernetes": {"kind": "List", "apiVersion": "v1", "items": [pod()]},
    "kubernetes-object": {
        "kind": "CronJob",
        "apiVersion": "batch/v1",
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "a/b:1"}]}}}}},
    },
    "scorecard": scorecard(),
    "sarif": sarif(result(ruleId="a")),
    "github-branch-protection": protection(),
    "github-ruleset": [ruleset()],
    "github-workflow-runs": {"total_count": 1, "workflow_runs": [run()]},
    "osv": osv(),
    "in-toto": statement(A),
    "dsse": dsse(statement(A, predicate=_CYCLONEDX, predicate_type=attested.CYCLONEDX)),
    "sigstore-bundle": bundle(statement(A)),
    "in-toto-metablock": {"signed": _LINK, "signatures": [{"keyid": "k", "sig": "00"}]},
    "pypi-attestation": _PYPI,
    "pypi-provenance": {"version": 1, "attestation_bundles": [{"publisher": {}, "attestations": [_PYPI]}]},
    "simple-signing": _SIMPLE,
    "cosign-signature": {"Base64Signature": "eA==", "Payload": attested.text(json.dumps(_SIMPLE))},
    "attestations": {"attestations": [{"bundle": bundle(statement(A))}]},
    "gcloud-provenance": {
        "image_summary": {},
        "provenance_summary": {"provenance": [{"envelope": dsse(statement(A))}]},
    },
}
SAMPLES: dict[str, Sample] = {
    **{name: Sample(encode(document)) for name, document in _JSON.items()},
    "cyclonedx-xml": Sample(cyclonedx_xml(_CYCLONEDX)),
    "spdx-tag-value": Sample(tag_value(_SPDX)),
    "spdx-yaml": Sample(yaml_text(_SPDX)),
    "spdx-xml": Sample(xml(_SPDX)),
    "spdx-rdf": Sample(rdf(_SPDX)),
    "deployment": Sample(raw("deployments/snapshot.json")),
    "openvex": Sample(raw("vex/openvex-0.2.0.json")),
    "csaf": Sample(raw("vex/csaf-2.0.json")),
    "github-workflow": Sample(WORKFLOW.encode()),
    "github-action": Sample(
        b"name: a\nruns:\n  using: composite\n  steps:\n    - uses: a/b@v1\n    - run: curl https://x.example | sh\n"
    ),
    "osv-yaml": Sample(
        b"id: PYSEC-2026-1\nmodified: 2026-03-01T00:00:00Z\naffected:\n- package:\n    ecosystem: PyPI\n    name: a\n"
        b"  versions:\n  - '1.0'\n"
    ),
    "osv-zip": Sample(zipped({"a.json": osv(), "b.json": osv("MAL-2026-2")}), kind="advisory"),
    "github-advisory": Sample(raw("osv/github-api.json")),
    "list": Sample(
        b"name,version\nleft-pad,1.3.0\npkg:pypi/a@1\n# a comment\nsha256:" + b"a" * 64 + b"\n", kind="list"
    ),
    "gh-verify": Sample(raw("reported/gh-attestation-verify.json")),
    "policy-controller": Sample(raw("reported/policy-result.json")),
}
"""By the name of the format, like the readers. A test tells which reader has none."""
