"""Statements and envelopes for tests: made where they are read, with signatures that verify nowhere."""

from __future__ import annotations

import base64
import json
from typing import Any

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
CYCLONEDX = "https://cyclonedx.org/bom"
REPOSITORY = "https://github.com/shop/api"
COMMIT = "c" * 40

Json = dict[str, Any]


def subject(digest: str, name: str = "") -> Json:
    """Return a subject with one digest, `sha256:…`."""
    algorithm, _, value = digest.partition(":")
    return {"name": name, "digest": {algorithm: value}}


def statement(*subjects: Any, predicate: Any = None, predicate_type: str = PROVENANCE, **members: Any) -> Json:
    """Return an in-toto statement about these subjects; a text is a digest. Provenance, unless told otherwise."""
    return {
        "_type": STATEMENT,
        "subject": [subject(item) if isinstance(item, str) else item for item in subjects],
        "predicateType": predicate_type,
        "predicate": provenance() if predicate is None else predicate,
        **members,
    }


def provenance(repository: str = REPOSITORY, commit: str = COMMIT, **members: Any) -> Json:
    """Return a provenance predicate as GitHub's builder writes it."""
    workflow = {"ref": "refs/heads/main", "repository": repository, "path": ".github/workflows/release.yml"}
    return {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": workflow},
            "internalParameters": {"github": {"event_name": "push", "runner_environment": "github-hosted"}},
            "resolvedDependencies": [
                {"uri": f"git+{repository}@refs/heads/main", "digest": {"gitCommit": commit}},
                {"uri": "pkg:docker/alpine@3.20", "digest": {"sha256": "a" * 64}},
            ],
        },
        "runDetails": {
            "builder": {"id": f"{repository}/.github/workflows/release.yml@refs/heads/main"},
            "metadata": {"invocationId": f"{repository}/actions/runs/1/attempts/1"},
        },
        **members,
    }


def encode(value: Any) -> bytes:
    """Write JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def dsse(payload: Any, *, signatures: int = 1, payload_type: str = "application/vnd.in-toto+json") -> Json:
    """Return a DSSE envelope around a statement, or around bytes."""
    data = payload if isinstance(payload, bytes) else encode(payload)
    return {
        "payloadType": payload_type,
        "payload": base64.b64encode(data).decode(),
        "signatures": [{"keyid": f"key-{place}", "sig": text("signature")} for place in range(signatures)],
    }


def bundle(payload: Any, *, log_entries: int = 1, version: str = "0.3", **members: Any) -> Json:
    """Return a Sigstore bundle around a statement."""
    return {
        "mediaType": f"application/vnd.dev.sigstore.bundle.v{version}+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": text("certificate")},
            "tlogEntries": [{"logIndex": str(place)} for place in range(log_entries)],
        },
        "dsseEnvelope": dsse(payload),
        **members,
    }


def message_bundle(digest: str) -> Json:
    """Return a Sigstore bundle over the bytes of an artifact, given as `sha256:…`."""
    made = bundle({})
    del made["dsseEnvelope"]
    value = base64.b64encode(bytes.fromhex(digest.partition(":")[2])).decode()
    made["messageSignature"] = {
        "messageDigest": {"algorithm": "SHA2_256", "digest": value},
        "signature": text("signature"),
    }
    return made


def text(value: str) -> str:
    """Return base64 of some text."""
    return base64.b64encode(value.encode()).decode()
