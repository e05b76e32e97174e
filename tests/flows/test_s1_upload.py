"""Journey 1: a document goes in however a tool sends it, its receipt tells the truth, and the same bytes come back."""

import base64
import gzip
import hashlib
import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard

from tests.factories import cyclonedx, digest
from tests.flows.client import Answer, Client
from tests.flows.conftest import KeyMaker
from tests.inventory.formats.fixtures import raw

CYCLONEDX, SPDX = raw("cyclonedx/syft-image.json"), raw("spdx/syft-image.json")
EVIDENCE = "/api/v1/evidence"
FORM = "multipart/form-data; boundary=here"


@pytest.fixture
def sender(new_key: KeyMaker) -> Client:
    return new_key("team-a", "evidence:write", "inventory:read")


def multipart(data: bytes, *, extra: bytes = b"", name: str = "file", filename: str = "sbom.json") -> bytes:
    head = f'--here\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'.encode()
    return head + data + b"\r\n" + extra + b"--here--\r\n"


def chunked(client: Client, data: bytes) -> Answer:
    """Send without a Content-Length."""

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(data), 999):
            yield data[start : start + 999]

    connection = http.client.HTTPConnection(urlsplit(client.base).netloc, timeout=90)
    headers = {"Authorization": f"Bearer {client.key}", "Transfer-Encoding": "chunked"}
    connection.request("POST", EVIDENCE, pieces(), headers, encode_chunked=True)
    response = connection.getresponse()
    answer = Answer(response.status, dict(response.getheaders()), response.read())
    connection.close()
    return answer


def test_every_way_to_send_a_document_keeps_the_same_document(sender: Client) -> None:
    expected = f"sha256:{hashlib.sha256(CYCLONEDX).hexdigest()}"
    answers = [
        sender.post(EVIDENCE, CYCLONEDX, headers={"Content-Type": "application/json"}, name="1"),
        sender.post(EVIDENCE, CYCLONEDX, headers={"Content-Type": "application/x-www-form-urlencoded"}, name="2"),
        sender.post(EVIDENCE, gzip.compress(CYCLONEDX), headers={"Content-Encoding": "gzip"}, name="3"),
        sender.post(EVIDENCE, zstandard.compress(CYCLONEDX), headers={"Content-Encoding": "zstd"}, name="4"),
        sender.post(f"{EVIDENCE}/", multipart(CYCLONEDX), headers={"Content-Type": FORM}, name="5"),
        chunked(sender, CYCLONEDX),
    ]

    assert [answer.status for answer in answers] == [202] * len(answers)
    assert {answer.json()["digest"] for answer in answers} == {expected}
    assert {answer.json()["size_bytes"] for answer in answers} == {len(CYCLONEDX)}
    assert {sender.receipt(answer.json()["id"])["counts"]["components"] for answer in answers} == {
        sender.receipt(answers[0].json()["id"])["counts"]["components"]
    }


@pytest.mark.parametrize(("data", "kind"), [(CYCLONEDX, "cyclonedx"), (SPDX, "spdx")])
def test_a_receipt_tells_what_became_of_a_document(sender: Client, data: bytes, kind: str) -> None:
    accepted = sender.post(EVIDENCE, data, filename="x.json").json()
    receipt = sender.receipt(accepted["id"])

    assert receipt["state"] in {"applied", "applied_with_warnings"}
    assert (receipt["kind"], receipt["format"], receipt["error"]) == ("sbom", kind, None)
    assert accepted.items() - {("state", accepted["state"])} <= {
        (key, value) for key, value in receipt.items() if isinstance(value, str | int)
    }
    assert receipt["submitted_by"]["team"] == "team-a"
    assert receipt["attempts"] == 1
    assert receipt["elapsed_seconds"] < 30
    counts = receipt["counts"]
    assert counts["components"] == counts["components_stored"] + counts["components_rejected"] > 0
    assert all(one.startswith("sha256:") for one in receipt["artifacts"])
    for one in receipt["artifacts"]:
        assert sender.get(f"/api/v1/artifacts/{one}").status == 200, "applied means that search can see it"


def test_the_bytes_come_back_with_a_digest_to_check_them_by(sender: Client) -> None:
    receipt = sender.upload(gzip.compress(SPDX), headers={"Content-Encoding": "gzip"})

    answer = sender.get(f"{EVIDENCE}/{receipt['id']}/raw")
    again = sender.send("GET", f"{EVIDENCE}/{receipt['id']}/raw", headers={"If-None-Match": answer.headers["etag"]})

    assert answer.body == SPDX
    sha256 = base64.b64encode(hashlib.sha256(SPDX).digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{sha256}:"
    assert answer.headers["etag"] == f'"{receipt["digest"]}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (again.status, again.body) == (304, b"")


def test_a_repeat_is_answered_with_the_first_receipt_and_another_parameter_is_another_document(sender: Client) -> None:
    first = sender.post(EVIDENCE, CYCLONEDX)
    repeat = sender.post(EVIDENCE, gzip.compress(CYCLONEDX), headers={"Content-Encoding": "gzip"}, filename="other")
    other = sender.post(EVIDENCE, CYCLONEDX, artifact=digest("elsewhere"))

    assert (first.status, repeat.status, other.status) == (202, 200, 202)
    assert repeat.json()["id"] == first.json()["id"] != other.json()["id"]
    assert repeat.json()["audit_sequence"] == first.json()["audit_sequence"]


def test_the_list_filters_by_state_kind_artifact_and_time(sender: Client) -> None:
    good = sender.upload(cyclonedx("pkg:npm/left@1", subject=digest("app")))
    bad = sender.upload(b"{}")

    def listed(**query: Any) -> list[str]:
        return [row["id"] for row in sender.get(EVIDENCE, **query).json()["results"]]

    assert listed() == [bad["id"], good["id"]]
    assert listed(state="rejected") == [bad["id"]]
    assert listed(kind="sbom") == [good["id"]]
    assert listed(artifact=digest("app")) == [good["id"]]
    assert listed(since=bad["received_at"]) == [bad["id"]]
    assert listed(since="2100-01-01T00:00:00Z") == []
    page = sender.get(EVIDENCE, limit=1).json()
    assert [row["id"] for row in page["results"]] == [bad["id"]]
    following = sender.get(page["next"]).json()
    assert ([row["id"] for row in following["results"]], following["next"]) == ([good["id"]], None)


def test_a_rejected_document_can_be_sent_through_again_and_an_applied_one_cannot(sender: Client) -> None:
    bad, good = sender.upload(b"{}"), sender.upload(CYCLONEDX)

    retried = sender.post(f"{EVIDENCE}/{bad['id']}/retry")
    refused = sender.post(f"{EVIDENCE}/{good['id']}/retry")

    assert retried.status == 202
    assert sender.receipt(bad["id"])["state"] == "rejected"
    assert (refused.status, refused.json()["code"]) == (409, "not_retryable")


@pytest.mark.parametrize(
    "body",
    [
        multipart(CYCLONEDX, extra=b'--here\r\nContent-Disposition: form-data; name="url"\r\n\r\nhttp://x\r\n'),
        multipart(CYCLONEDX, extra=b'--here\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\nx\r\n'),
        multipart(CYCLONEDX, name="document"),
        b"--here--\r\n",
    ],
    ids=["a field beside it", "two files", "another name", "no file"],
)
def test_a_form_holds_one_document_and_nothing_else(sender: Client, body: bytes) -> None:
    answer = sender.post(EVIDENCE, body, headers={"Content-Type": FORM})

    assert (answer.status, answer.json()["code"]) == (400, "one_document_only")
    assert sender.get(EVIDENCE).json()["results"] == []


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "C:\\x", "a" * 7_000, "\u202efdp.exe", "nul\x00byte"])
def test_a_file_name_is_text_and_nothing_more(sender: Client, name: str) -> None:
    receipt = sender.upload(b"{}", filename=name)

    assert len(receipt["filename"]) <= 255
    assert "\x00" not in receipt["filename"]
