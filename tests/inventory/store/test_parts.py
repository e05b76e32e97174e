"""A large frame is fetched in parts: the document is whole and compared, and a wrong byte is told as ever."""

import hashlib
import random
from collections.abc import Iterator

import pytest
import zstandard

from inventory.models import EvidenceBlob, EvidenceState, State
from inventory.store import blobs, frames
from inventory.store.errors import EvidenceCorruptError
from tests.factories import apply_waiting, cyclonedx, digest, store

DOCUMENT = random.Random(1).randbytes(300_000) + b"x" * 300_000
NAME = f"sha256:{hashlib.sha256(DOCUMENT).hexdigest()}"
FRAME = zstandard.compress(DOCUMENT)


def unpacked(frame: bytes, *, part: int = 70_000, size: int = len(DOCUMENT)) -> bytes:
    parts = (frame[start : start + part] for start in range(0, len(frame), part))
    return frames.unpack_parts(parts, digest=NAME, size_bytes=size)


@pytest.mark.parametrize("part", [1_000, 70_000, len(FRAME)])
def test_a_frame_in_parts_gives_the_document(part: int):
    assert unpacked(FRAME, part=part) == DOCUMENT


@pytest.mark.parametrize(
    "frame",
    [b"", FRAME[:-9], FRAME[:200_000] + b"\x00" + FRAME[200_001:], zstandard.compress(b"another")],
)
def test_parts_of_anything_else_are_corrupt(frame: bytes):
    with pytest.raises(EvidenceCorruptError):
        unpacked(frame)


def test_a_frame_of_more_than_the_row_says_is_corrupt():
    with pytest.raises(EvidenceCorruptError):
        unpacked(FRAME, size=len(DOCUMENT) - 1)


@pytest.mark.django_db
def test_a_worker_that_fetches_a_document_in_parts_applies_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blobs, "SLICE_BYTES", 100)
    asked: list[int] = []
    fetch = blobs._parts

    def counted(name: str) -> Iterator[bytes]:
        for part in fetch(name):
            asked.append(len(part))
            yield part

    monkeypatch.setattr(blobs, "_parts", counted)
    evidence = store("shop", cyclonedx(*[f"pkg:npm/p{n}@1" for n in range(50)], subject=digest("app")))

    apply_waiting()

    state = EvidenceState.objects.get(pk=evidence.pk)
    assert state.state in {State.APPLIED, State.APPLIED_WITH_WARNINGS}
    assert state.counts["components"] == 50
    assert len(asked) > 2
    assert max(asked) == 100


@pytest.mark.django_db
def test_a_row_that_is_not_there_is_corrupt():
    with pytest.raises(EvidenceCorruptError):
        blobs.read(EvidenceBlob(digest=NAME, size_bytes=5))
