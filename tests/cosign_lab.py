"""What cosign keeps beside an image: signatures in layers, signed by certificates of the lab or by a bare key."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inventory.formats.attestations.dsse import PAYLOAD_TYPE, pae
from tests.trust_lab import Lab, new_key, pem, sign, text

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE_LAYER = "application/vnd.dsse.envelope.v1+json"
PREFIX = "dev.sigstore.cosign/"
_HASHES = {"secp256r1": SHA256(), "secp384r1": SHA384(), "secp521r1": SHA512()}


def encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def signed_by(key: Any, data: bytes) -> bytes:
    """Sign with any kind of key, as its users do."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(_HASHES[key.curve.name]))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return key.sign(data)


def public_pem(key: Any) -> str:
    pem_: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem_.decode()


def envelope(payload: bytes, *keys: Any, keyid: str = "", payload_type: str = PAYLOAD_TYPE) -> dict[str, Any]:
    """Return a bare DSSE envelope that keys signed."""
    signatures = [{"keyid": keyid, "sig": text(signed_by(key, pae(payload_type, payload)))} for key in keys]
    return {"payloadType": payload_type, "payload": text(payload), "signatures": signatures}


def payload(digest: str, name: str = "registry.example/shop/api") -> bytes:
    """Return what cosign signs for an image."""
    critical = {
        "identity": {"docker-reference": name},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
    }
    return encoded({"critical": critical, "optional": None})


def signature_layer(lab: Lab, signed: bytes, *, key: Any = None, forger: Any = None) -> dict[str, Any]:
    """Return the layer of a `.sig` manifest: by a certificate of the lab, or by a bare key that no log knows.

    A forger signs in the certificate's place, and the log writes it down.
    """
    if key is not None:
        annotations = {"dev.cosignproject.cosign/signature": text(signed_by(key, signed))}
    else:
        leaf = new_key()
        signature = sign(forger or leaf, signed)
        certificate = lab.certificate(leaf)
        spec = {
            "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(signed).hexdigest()}},
            "signature": {"content": text(signature), "publicKey": {"content": text(pem(certificate))}},
        }
        annotations = {
            "dev.cosignproject.cosign/signature": text(signature),
            f"{PREFIX}certificate": pem(certificate).decode(),
            f"{PREFIX}bundle": json.dumps(promise_of(lab.entry("hashedrekord", "0.0.1", spec))),
        }
    return layer(SIMPLE_SIGNING, signed, annotations)


def attestation_layer(lab: Lab, statement: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the layer of an `.att` manifest, and the envelope that is its blob."""
    made = lab.dsse_bundle(statement)
    [entry] = made["verificationMaterial"]["tlogEntries"]
    certificate = base64.b64decode(made["verificationMaterial"]["certificate"]["rawBytes"])
    blob = encoded(made["dsseEnvelope"])
    annotations = {
        "dev.cosignproject.cosign/signature": "",
        f"{PREFIX}certificate": pem(certificate).decode(),
        f"{PREFIX}bundle": json.dumps(promise_of(entry)),
    }
    return layer(DSSE_LAYER, blob, annotations), blob


def promise_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Write a log entry as cosign's annotation has it: the promise, without a proof."""
    return {
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"],
            "integratedTime": int(entry["integratedTime"]),
            "logIndex": int(entry["logIndex"]),
            "logID": base64.b64decode(entry["logId"]["keyId"]).hex(),
        },
    }


def layer(media_type: str, blob: bytes, annotations: dict[str, str]) -> dict[str, Any]:
    return {"mediaType": media_type, "size": len(blob), "digest": digest_of(blob), "annotations": annotations}


def manifest(*layers: dict[str, Any]) -> bytes:
    """Return a manifest of signatures or attestations, which says that it is an image."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": digest_of(b"{}")}
    kind = "application/vnd.oci.image.manifest.v1+json"
    return encoded({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": list(layers)})


def downloaded(lab: Lab, signed: bytes, **changes: Any) -> dict[str, Any]:
    """Return a line of `cosign download signature`."""
    found = signature_layer(lab, signed)["annotations"]
    return {
        "Base64Signature": found["dev.cosignproject.cosign/signature"],
        "Payload": text(signed),
        "Cert": found[f"{PREFIX}certificate"],
        "Chain": None,
        "Bundle": json.loads(found[f"{PREFIX}bundle"]),
        "RFC3161Timestamp": None,
        **changes,
    }


def pypi(bundle: dict[str, Any]) -> dict[str, Any]:
    """Write a bundle as an attestation object of PEP 740."""
    material, inner = bundle["verificationMaterial"], bundle["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {"statement": inner["payload"], "signature": inner["signatures"][0]["sig"]},
    }
