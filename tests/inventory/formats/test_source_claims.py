"""Where components come from, as their documents say: repositories and commits, and nothing that looks like one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.formats import source_claims
from inventory.formats.read import read_document
from inventory.formats.records import SbomRecord
from inventory.formats.source_claims import (
    COMMIT,
    REPOSITORY,
    SourceClaim,
    claims_of,
    of_download,
    of_pedigree,
    of_references,
)
from tests.factories import cyclonedx

SHA = "0e58ed8671d6b60d0890c21b07f8835ace038e67"
HOME = SourceClaim(REPOSITORY, "github.com/acme/web")
REVISION = SourceClaim(COMMIT, SHA)


def references(*items: Any) -> tuple[SourceClaim, ...]:
    return of_references(msgspec.Raw(json.dumps(list(items)).encode()))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/Acme/Web", (HOME,)),
        ("git+https://github.com/acme/web.git", (HOME,)),
        ("git@github.com:acme/web.git", (HOME,)),
        ("https://github.com/acme/web/tree/main/packages/a", (HOME,)),
        (f"https://github.com/acme/web/commit/{SHA}", (HOME, REVISION)),
        (f"git+https://github.com/acme/web@{SHA}", (HOME, REVISION)),
        ("https://git.example.org/group/sub/web.git", (SourceClaim(REPOSITORY, "git.example.org/group/sub/web"),)),
        ("https://github.com/acme", ()),
        ("NOASSERTION", ()),
        ("", ()),
    ],
)
def test_a_vcs_reference_names_a_repository_and_may_name_a_commit(url: str, expected: tuple[SourceClaim, ...]):
    assert references({"type": "vcs", "url": url}) == expected


def test_other_references_name_none():
    assert references({"type": "website", "url": "https://github.com/acme/web"}, {"type": "vcs"}) == ()


@pytest.mark.parametrize("raw", [b"{}", b'"vcs"', b'[{"type": "vcs", "url": 1}]', b'["vcs"]', b'[{"vcs"'])
def test_what_is_no_list_of_references_claims_nothing(raw: bytes):
    assert of_references(msgspec.Raw(raw)) == ()


def test_commits_of_a_pedigree_are_claimed_by_their_id_and_their_address():
    pedigree = {"commits": [{"uid": SHA.upper(), "url": f"https://github.com/acme/web/commit/{SHA}"}, 7, {"uid": 7}]}

    assert of_pedigree(pedigree) == (REVISION, HOME)
    assert of_pedigree({"commits": "x"}) == of_pedigree(None) == ()


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (f"git+https://github.com/acme/web.git@{SHA}#packages/a", (HOME, REVISION)),
        ("git+https://github.com/acme/web@v1.2", (HOME,)),
        ("git://github.com/acme/web.git", (HOME,)),
        ("https://github.com/acme/web.git", (HOME,)),
        ("https://registry.example/web/-/web-1.0.tgz", ()),
        ("https://github.com/acme/web/archive/v1.tar.gz", ()),
        ("NOASSERTION", ()),
    ],
)
def test_a_download_location_counts_where_it_is_a_version_control_system(
    location: str, expected: tuple[SourceClaim, ...]
):
    assert of_download(location) == expected


@given(
    st.from_regex(
        r"https://(github\.com|git\.example\.org|a-b\.c|x)/[\w.~+-]{1,6}/[\w.~+-]{1,6}(\.git)?/?", fullmatch=True
    )
)
def test_what_is_written_as_most_are_is_told_as_any_other_is(address: str):
    assert source_claims._plain_repository(address) == source_claims._read_repository(address)


def test_an_address_written_as_most_are_that_ends_in_a_commit_names_both():
    assert claims_of([f"https://git.example.org/acme/{SHA}"]) == (
        SourceClaim("repository", f"git.example.org/acme/{SHA}"),
        SourceClaim("commit", SHA),
    )


@pytest.mark.parametrize("host", ["github.com", "git.example.org"])
def test_an_address_that_is_too_long_to_be_kept_names_no_repository(host: str):
    longest = f"https://{host}/acme/{'a' * 990}"

    (kept,) = claims_of([longest])
    assert can_be_kept(kept)
    assert claims_of([longest + "a" * 100, f"https://{host}/{'a' * 3_000}/web"]) == ()


def can_be_kept(claim: SourceClaim) -> bool:
    """Whether the column takes it: a document with any other could not be applied."""
    return 0 < len(claim.value) <= 1_024 and "\0" not in claim.value


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes):
    assert all(map(can_be_kept, of_references(msgspec.Raw(b'"vcs"' + data))))


@given(st.text(max_size=200))
def test_any_text_is_read(text: str):
    claims = (*of_download(f"git+{text}"), *of_pedigree({"commits": [{"uid": text, "url": text}]}))
    assert all(map(can_be_kept, claims))


def test_documents_hand_them_on_with_their_components():
    part = {"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1",
            "externalReferences": [{"type": "vcs", "url": "https://github.com/acme/web"}],
            "pedigree": {"commits": [{"uid": SHA}]}}  # fmt: skip
    record = read_document(cyclonedx(part, "pkg:npm/b@1"))
    assert isinstance(record, SbomRecord)
    assert [one.sources for one in record.components] == [(HOME, REVISION), ()]

    package = {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1",
               "downloadLocation": f"git+https://github.com/acme/web@{SHA}"}  # fmt: skip
    spdx = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": [package],
            "documentNamespace": "https://example.com/x", "documentDescribes": ["SPDXRef-a"]}  # fmt: skip
    record = read_document(json.dumps(spdx).encode())
    assert isinstance(record, SbomRecord)
    assert [one.sources for one in record.components] == [(HOME, REVISION)]
