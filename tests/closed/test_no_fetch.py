"""Nothing that a document names is fetched or looked up: no socket is opened while hostile documents are applied."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from typing import Any

import pytest
from django.test import Client

from inventory.models import EvidenceState
from tests.factories import apply_waiting, digest, store
from tests.inventory.formats.posture.documents import sarif
from tests.supplychain.actors import client_of, new_key

pytestmark = pytest.mark.django_db

METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
APP = digest("app")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record every address that Python code asks for. The database's driver is no Python code, and goes on."""
    asked: list[Any] = []

    def refuse(*arguments: Any, **_named: Any) -> Any:
        asked.append(arguments)
        raise OSError("no sockets here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket.socket, "sendto", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return asked


def cyclonedx() -> bytes:
    links = [{"type": kind, "url": METADATA} for kind in ("vcs", "bom", "attestation", "website")]
    component = {
        "type": "library",
        "name": "a",
        "purl": "pkg:npm/a@1?repository_url=" + METADATA,
        "externalReferences": links,
    }
    root = {"type": "container", "name": METADATA, "version": APP, "externalReferences": links}
    return json.dumps(
        {
            "$schema": METADATA,
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "metadata": {"component": root},
            "components": [component],
            "externalReferences": links,
        }
    ).encode()


def spdx() -> bytes:
    package = {
        "SPDXID": "SPDXRef-a",
        "name": "a",
        "downloadLocation": METADATA,
        "homepage": METADATA,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": METADATA}
        ],
    }
    return json.dumps(
        {
            "spdxVersion": "SPDX-2.3",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": "x",
            "dataLicense": "CC0-1.0",
            "documentNamespace": METADATA,
            "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: x"]},
            "externalDocumentRefs": [{"externalDocumentId": "DocumentRef-x", "spdxDocument": METADATA}],
            "packages": [package],
        }
    ).encode()


DOCUMENTS = {
    "cyclonedx": cyclonedx(),
    "spdx": spdx(),
    "xml": f'<?xml version="1.0"?><!DOCTYPE bom SYSTEM "{METADATA}"><bom xmlns="{METADATA}"/>'.encode(),
    "openvex": json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "@id": METADATA, "statements": []}).encode(),
    "sarif": json.dumps({**sarif(), "$schema": METADATA + "sarif"}).encode(),
    "workflow": f"on: push\njobs: {{a: {{steps: [{{uses: 'docker://{METADATA}'}}]}}}}\n".encode(),
    "index": json.dumps(
        {"schemaVersion": 2, "manifests": [{"digest": APP, "size": 1, "urls": [METADATA], "mediaType": "x"}]}
    ).encode(),
    "record": json.dumps(
        [{"cluster": "c", "namespace": "n", "workload": "Deployment/a", "container": "a", "image": METADATA[7:]}]
    ).encode(),
}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_no_address_in_a_document_is_asked(name: str, calls: list[Any]) -> None:
    evidence = store("shop", DOCUMENTS[name], artifacts=[APP], repository="acme/shop", name="a")

    apply_waiting()

    assert EvidenceState.objects.get(pk=evidence.pk).state not in {"received", "processing", "quarantined"}
    assert calls == []


@pytest.mark.django_db(transaction=True)
def test_no_address_in_a_question_is_asked(calls: list[Any]) -> None:
    sender: Client = client_of(new_key("incidents:read", team="shop"))

    answer = sender.post(
        "/api/v1/impact", {"text": f"{METADATA}\npkg:npm/a@1?download_url={METADATA}"}, "application/json"
    )

    assert answer.status_code == 200
    assert calls == []


def test_the_guard_sees_a_fetch(calls: list[Any]) -> None:
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(METADATA, timeout=1)

    assert calls != []
