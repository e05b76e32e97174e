"""A certificate authority, a log of certificates and a log of signatures of our own, to make real bundles for tests.

They do what Fulcio and Rekor do, with keys made for one run: certificates with Fulcio's extensions that live ten
minutes, signed certificate timestamps (RFC 6962), log entries with a promise, an inclusion proof and a signed
checkpoint. Each part of a bundle can be replaced, which is what tests of a verifier need.
"""

from __future__ import annotations

import hashlib
import json
import struct
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from inventory.formats.attestations.dsse import PAYLOAD_TYPE, pae

Key = ec.EllipticCurvePrivateKey
SHA256 = hashes.SHA256()
ISSUER = "https://token.actions.githubusercontent.com"
REPOSITORY = "https://github.com/acme/shop"
WORKFLOW = f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main"
COMMIT = "a" * 40
CLAIMS = {
    "8": ISSUER,
    "9": WORKFLOW,
    "11": "github-hosted",
    "12": REPOSITORY,
    "13": COMMIT,
    "14": "refs/heads/main",
    "15": "4711",
    "18": WORKFLOW,
    "20": "push",
    "21": f"{REPOSITORY}/actions/runs/99/attempts/1",
}
_FULCIO = "1.3.6.1.4.1.57264.1."
_SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def spki(key: Key) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: Key) -> bytes:
    return hashlib.sha256(spki(key)).digest()


def sign(key: Key, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(SHA256))


def text(data: bytes) -> str:
    return b64encode(data).decode()


@dataclass
class Lab:
    """One Sigstore instance. `at` is when everything in it happens; its authorities are called by `name`."""

    name: str = "lab"
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    root_key: Key = field(default_factory=new_key)
    middle_key: Key = field(default_factory=new_key)
    certificate_log: Key = field(default_factory=new_key)
    log: Key = field(default_factory=new_key)

    @cached_property
    def root(self) -> x509.Certificate:
        return self._authority("root", self.root_key, issuer="root", issuer_key=self.root_key)

    @cached_property
    def middle(self) -> x509.Certificate:
        return self._authority("middle", self.middle_key, issuer="root", issuer_key=self.root_key, days=1)

    def trusted_root(self, **changes: Any) -> bytes:
        """Write the root of trust of this instance."""
        start = (self.at - timedelta(days=1)).isoformat()
        chain = [{"rawBytes": text(part.public_bytes(Encoding.DER))} for part in (self.middle, self.root)]
        authority = {
            "subject": {"organization": "lab", "commonName": "lab"},
            "uri": "https://fulcio.lab.test",
            "certChain": {"certificates": chain},
            "validFor": {"start": start},
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self._log(self.log, start)],
                "certificateAuthorities": [authority],
                "ctlogs": [self._log(self.certificate_log, start)],
                "timestampAuthorities": [],
                **changes,
            }
        ).encode()

    def certificate(
        self,
        key: Key,
        *,
        claims: dict[str, str] | None = None,
        old_claims: dict[str, str] | None = None,
        names: list[x509.GeneralName] | None = None,
        identity: str = WORKFLOW,
        logged_by: Key | None = None,
    ) -> bytes:
        """Issue a certificate for a key, valid for ten minutes, and log it. Old claims are raw text."""
        values = {number: _utf8(value) for number, value in (CLAIMS if claims is None else claims).items()}
        values |= {number: value.encode() for number, value in (old_claims or {}).items()}
        bare = self._leaf(key, claims=values, names=names or [x509.UniformResourceIdentifier(identity)])
        issued = bare.sign(self.middle_key, SHA256)
        stamps = self._stamp_list(issued.tbs_certificate_bytes, key=logged_by or self.certificate_log)
        logged = bare.add_extension(x509.UnrecognizedExtension(_SCT_LIST, stamps), critical=False)
        return logged.sign(self.middle_key, SHA256).public_bytes(Encoding.DER)

    def entry(self, kind: str, version: str, spec: dict[str, Any], *, at: datetime | None = None) -> dict[str, Any]:
        """Write a body into the log, as its first entry of two."""
        body = rfc8785.dumps({"kind": kind, "apiVersion": version, "spec": spec})
        seconds = int((at or self.at).timestamp())
        log = key_id(self.log)
        promise: dict[str, Any] = {"body": text(body), "integratedTime": seconds, "logID": log.hex(), "logIndex": 7}
        leaf, other = hashlib.sha256(b"\0" + body).digest(), hashlib.sha256(b"\0other").digest()
        root = hashlib.sha256(b"\1" + leaf + other).digest()
        return {
            "logIndex": "7",
            "logId": {"keyId": text(log)},
            "kindVersion": {"kind": kind, "version": version},
            "integratedTime": str(seconds),
            "inclusionPromise": {"signedEntryTimestamp": text(sign(self.log, rfc8785.dumps(promise)))},
            "inclusionProof": {
                "rootHash": text(root),
                "treeSize": "2",
                "hashes": [text(other)],
                "checkpoint": {"envelope": self.checkpoint(root)},
            },
            "canonicalizedBody": text(body),
        }

    def checkpoint(self, root: bytes, *, size: int = 2) -> str:
        note = f"lab.test - 1\n{size}\n{text(root)}\n"
        signature = key_id(self.log)[:4] + sign(self.log, note.encode())
        return f"{note}\n\N{EM DASH} lab.test {text(signature)}\n"

    def dsse_bundle(
        self,
        payload: bytes,
        *,
        payload_type: str = PAYLOAD_TYPE,
        claims: dict[str, str] | None = None,
        identity: str = WORKFLOW,
        kind: str = "dsse",
    ) -> dict[str, Any]:
        """Sign a payload as a workflow does, and log it: `dsse` 0.0.1 or `intoto` 0.0.2."""
        key = new_key()
        certificate = self.certificate(key, claims=claims, identity=identity)
        signature = sign(key, pae(payload_type, payload))
        digest = {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}
        if kind == "dsse":
            signed = {"signature": text(signature), "verifier": text(pem(certificate))}
            entry = self.entry("dsse", "0.0.1", {"payloadHash": digest, "signatures": [signed]})
        else:
            signed = {"sig": text(text(signature).encode()), "publicKey": text(pem(certificate))}
            envelope = {"payloadType": payload_type, "signatures": [signed]}
            entry = self.entry("intoto", "0.0.2", {"content": {"envelope": envelope, "payloadHash": digest}})
        envelope = {"payloadType": payload_type, "payload": text(payload), "signatures": [{"sig": text(signature)}]}
        return bundle(certificate, entry, dsseEnvelope=envelope)

    def message_bundle(self, artifact: bytes, *, forger: Key | None = None) -> dict[str, Any]:
        """Sign an artifact's bytes, and log it: `hashedrekord` 0.0.1. A forger signs in the certificate's place."""
        key = new_key()
        certificate, digest = self.certificate(key), hashlib.sha256(artifact)
        signature = sign(forger or key, artifact)
        spec = {
            "data": {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}},
            "signature": {"content": text(signature), "publicKey": {"content": text(pem(certificate))}},
        }
        message = {
            "messageDigest": {"algorithm": "SHA2_256", "digest": text(digest.digest())},
            "signature": text(signature),
        }
        return bundle(certificate, self.entry("hashedrekord", "0.0.1", spec), messageSignature=message)

    def _authority(self, name: str, key: Key, *, issuer: str, issuer_key: Key, days: int = 30) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(_named(self.name, name))
            .issuer_name(_named(self.name, issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.at - timedelta(days=1))
            .not_valid_after(self.at + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .sign(issuer_key, SHA256)
        )

    def _leaf(self, key: Key, *, claims: dict[str, bytes], names: list[x509.GeneralName]) -> x509.CertificateBuilder:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(_named(self.name, "middle"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.at - timedelta(minutes=1))
            .not_valid_after(self.at + timedelta(minutes=9))
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.middle_key.public_key()), critical=False
            )
        )
        for number, value in claims.items():
            extension = x509.UnrecognizedExtension(ObjectIdentifier(_FULCIO + number), value)
            builder = builder.add_extension(extension, critical=False)
        return builder

    def _stamp_list(self, unlogged: bytes, *, key: Key) -> bytes:
        """Write the extension with one signed certificate timestamp over the certificate without it."""
        milliseconds = int(self.at.timestamp() * 1000)
        signed = struct.pack("!BBQH", 0, 0, milliseconds, 1) + key_id(self.middle_key)
        signed += len(unlogged).to_bytes(3, "big") + unlogged + b"\0\0"
        signature = sign(key, signed)
        stamp = b"\0" + key_id(self.certificate_log) + struct.pack("!Q", milliseconds) + b"\0\0\4\3"
        stamp += struct.pack("!H", len(signature)) + signature
        listed = struct.pack("!H", len(stamp)) + stamp
        return der(0x04, struct.pack("!H", len(listed)) + listed)

    @staticmethod
    def _log(key: Key, start: str) -> dict[str, Any]:
        public = {"rawBytes": text(spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": start}}
        return {
            "baseUrl": "https://log.lab.test",
            "hashAlgorithm": "SHA2_256",
            "publicKey": public,
            "logId": {"keyId": text(key_id(key))},
        }


def bundle(certificate: bytes, entry: dict[str, Any], **content: Any) -> dict[str, Any]:
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": text(certificate)}, "tlogEntries": [entry]},
        **content,
    }


def statement(**members: Any) -> bytes:
    """Write SLSA provenance that agrees with CLAIMS."""
    workflow = {"ref": "refs/heads/main", "repository": REPOSITORY, "path": ".github/workflows/release.yml"}
    source = {"uri": f"git+{REPOSITORY}@refs/heads/main", "digest": {"gitCommit": COMMIT}}
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": workflow},
            "internalParameters": {"github": {"event_name": "push", "runner_environment": "github-hosted"}},
            "resolvedDependencies": [source],
        },
        "runDetails": {"builder": {"id": WORKFLOW}, "metadata": {"invocationId": CLAIMS["21"]}},
    }
    whole = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "shop", "digest": {"sha256": hashlib.sha256(b"shop").hexdigest()}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": predicate,
    }
    return json.dumps({**whole, **members}).encode()


def pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def _named(instance: str, name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{instance} {name}")])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _utf8(value: str) -> bytes:
    return der(0x0C, value.encode())


def der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content
