"""What a document claims of repositories, commits and accounts is the same in whatever syntax it is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.formats.read import read_document
from inventory.formats.records import SbomRecord
from tests.inventory.formats.xml_writer import cyclonedx_xml

SHA = "0e58ed8671d6b60d0890c21b07f8835ace038e67"
HOME, GIT = "github.com/acme/web", "https://github.com/acme/web"


def claimed(document: Any) -> list[list[tuple[str, str]]]:
    record = read_document(document if isinstance(document, bytes) else json.dumps(document).encode())
    assert isinstance(record, SbomRecord)
    return [[(claim.kind, claim.value) for claim in one.sources] for one in record.components]


def cyclonedx(*components: dict[str, Any]) -> dict[str, Any]:
    whole = [{"type": "library", "name": f"c{place}", "version": "1", **one} for place, one in enumerate(components)]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": whole}


COMPONENTS: list[dict[str, Any]] = [
    {"externalReferences": [{"type": "website", "url": "https://acme.example"}, {"type": "vcs", "url": GIT}]},
    {"pedigree": {"commits": [{"uid": SHA, "url": f"{GIT}/commit/{SHA}"}]}},
    {"publisher": "mallory", "author": "Jane Doe <jane@example.com>"},
    {"authors": [{"name": "Jane Doe", "email": "jane@example.com"}, {"name": "eve"}]},
    {
        "supplier": {
            "name": "acme",
            "contact": [{"name": "Jane", "email": "jane@example.com"}, {"email": "b@c.example"}],
        }
    },
    {"manufacturer": {"name": "Acme Inc."}, "publisher": "R & D <rd@acme.example>"},
    {},
]


def test_cyclonedx_claims_the_same_in_xml_as_in_json():
    document = cyclonedx(*COMPONENTS)

    found = claimed(document)

    assert claimed(cyclonedx_xml(document)) == found
    assert found[0] == [("repository", HOME)]
    assert found[1] == [("commit", SHA), ("repository", HOME)]
    assert found[4] == [("account", name) for name in ("acme", "jane", "jane@example.com", "b@c.example")]
    assert found[6] == []


def test_many_components_written_alike_each_claim_their_own():
    several = [
        {"publisher": f"maker-{place}", "externalReferences": [{"type": "vcs", "url": f"{GIT}-{place}"}]}
        for place in range(20)
    ]
    document = cyclonedx(*several)

    found = claimed(cyclonedx_xml(document))

    assert found == claimed(document)
    assert found[19] == [("repository", f"{HOME}-19"), ("account", "maker-19")]


def spdx2(**package: Any) -> dict[str, Any]:
    whole = {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "downloadLocation": "NOASSERTION", **package}
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": [whole],
            "documentNamespace": "https://example.com/x", "documentDescribes": ["SPDXRef-a"]}  # fmt: skip


def spdx3(*agents: dict[str, Any], **package: Any) -> dict[str, Any]:
    head = {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-01T00:00:00Z"}
    document = {"type": "SpdxDocument", "spdxId": "urn:d", "creationInfo": "_:c", "rootElement": ["urn:a"]}
    whole = {"type": "software_Package", "spdxId": "urn:a", "creationInfo": "_:c", "name": "a",
             "software_packageVersion": "1", **package}  # fmt: skip
    return {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [head, document, whole, *agents]}


def agent(kind: str, name: str, *mails: str) -> dict[str, Any]:
    ids = [{"type": "ExternalIdentifier", "externalIdentifierType": "email", "identifier": mail} for mail in mails]
    return {"type": kind, "spdxId": f"urn:{name}", "creationInfo": "_:c", "name": name, "externalIdentifier": ids}


def test_spdx_3_claims_what_spdx_2_does():
    location = f"git+{GIT}@{SHA}"

    found = claimed(
        spdx3(
            agent("Organization", "acme"),
            agent("Person", "Jane", "jane@example.com"),
            software_downloadLocation=location,
            suppliedBy="urn:acme",
            originatedBy=["urn:Jane", "urn:nobody"],
        )
    )

    before = spdx2(
        downloadLocation=location, supplier="Organization: acme", originator="Person: Jane (jane@example.com)"
    )
    assert found == claimed(before)
    assert [value for _, value in found[0]] == [HOME, SHA, "acme", "jane@example.com", "jane"]


def test_spdx_3_refers_to_version_control_by_an_external_reference():
    vcs = {"type": "ExternalRef", "externalRefType": "vcs", "locator": [GIT]}
    other = {"type": "ExternalRef", "externalRefType": "altDownloadLocation", "locator": ["https://github.com/b/c"]}

    assert claimed(spdx3(externalRef=[other, vcs])) == [[("repository", HOME)]]
    assert claimed(spdx3(externalRef=[7, {"externalRefType": "vcs", "locator": 7}], suppliedBy=7)) == [[]]


def syft(kind: str, metadata: Any) -> dict[str, Any]:
    artifact = {"id": "a", "name": "a", "version": "1", "type": kind, "metadata": metadata}
    return {"artifacts": [artifact], "source": {}, "descriptor": {"name": "syft"}, "schema": {"version": "16.0.0"}}


@pytest.mark.parametrize(
    ("kind", "metadata", "as_cyclonedx"),
    [
        ("npm", {"author": "Jane Doe <jane@example.com>", "url": GIT}, {"author": "Jane Doe <jane@example.com>"}),
        ("gem", {"authors": ["mallory", "eve"]}, {"authors": [{"name": "mallory"}, {"name": "eve"}]}),
        ("apk", {"maintainer": "Natanael <n@alpine.example>"}, {"publisher": "Natanael <n@alpine.example>"}),
        ("deb", {"maintainer": "GNU <g@debian.example>", "source": "glibc", "files": [{"path": "/a"}]},
         {"publisher": "GNU <g@debian.example>"}),
        ("rpm", {"vendor": "CentOS"}, {"publisher": "CentOS"}),
        ("python", {"author": "Jane", "authorEmail": "jane@example.com"},
         {"authors": [{"name": "Jane"}, {"name": "jane@example.com"}]}),
        ("python", {"directUrlOrigin": {"url": GIT, "commitId": SHA, "vcs": "git"}},
         {"externalReferences": [{"type": "vcs", "url": GIT}, {"type": "vcs", "url": SHA}]}),
        ("php-composer", {"source": {"type": "git", "url": f"{GIT}.git", "reference": SHA}},
         {"externalReferences": [{"type": "vcs", "url": GIT}, {"type": "vcs", "url": SHA}]}),
        ("rust-crate", {"source": f"git+{GIT}?rev=1#{SHA}"},
         {"externalReferences": [{"type": "vcs", "url": GIT}, {"type": "vcs", "url": SHA}]}),
        ("rust-crate", {"source": "registry+https://github.com/rust-lang/crates.io-index"}, {}),
        ("python", {"directUrlOrigin": {"url": "file:///work"}}, {}),
        ("npm", "no object", {}), ("npm", None, {}), ("npm", {"author": 7, "source": {"type": "git"}}, {}),
    ],
)  # fmt: skip
def test_what_syft_found_claims_what_it_would_in_cyclonedx(kind: str, metadata: Any, as_cyclonedx: dict[str, Any]):
    assert claimed(syft(kind, metadata)) == claimed(cyclonedx(as_cyclonedx))
