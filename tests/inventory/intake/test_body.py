"""Transport rules (docs/api.md, reliability items 1-12): a body is counted, undone once and kept."""

import gzip
import hashlib
import io
import itertools
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from inventory.intake.body import BodyLimits, BodyRefusedError, StoredBody, load, store
from tests.effort import cost

LIMITS = BodyLimits(raw_bytes=1 << 20, inflated_bytes=4 << 20)
DOCUMENT = b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}'
MIB = 1 << 20


def _as_it_is(data: bytes) -> bytes:
    return data


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "": _as_it_is,
    "identity": _as_it_is,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}


def kept(*chunks: bytes, encoding: str = "", limits: BodyLimits = LIMITS) -> StoredBody:
    return store(chunks, encoding=encoding, limits=limits)


def refusal(*chunks: bytes, encoding: str = "", limits: BodyLimits = LIMITS) -> tuple[str, int]:
    with pytest.raises(BodyRefusedError) as caught:
        kept(*chunks, encoding=encoding, limits=limits)
    return caught.value.code, caught.value.status


@pytest.mark.parametrize("encoding", ENCODERS)
@given(data=st.binary(min_size=1, max_size=3000), cuts=st.lists(st.integers(0, 3000), max_size=8))
def test_any_bytes_in_any_pieces_come_back_with_their_digest(encoding: str, data: bytes, cuts: list[int]) -> None:
    document = b"{" + data  # neither blank nor an archive
    sent = ENCODERS[encoding](document)
    edges = [0, *sorted(cut % (len(sent) + 1) for cut in cuts), len(sent)]

    stored = kept(*(sent[a:b] for a, b in itertools.pairwise(edges)), encoding=encoding)

    assert stored.digest == f"sha256:{hashlib.sha256(document).hexdigest()}"
    assert stored.size_bytes == len(document)
    assert load(stored.data, limit=stored.size_bytes) == document
    assert zstandard.ZstdDecompressor().decompress(stored.data, max_output_size=len(document)) == document


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_costs_its_ceiling_in_time_and_memory(encoding: str) -> None:
    bomb, small = _zeros(encoding, 512), _zeros(encoding, 20)

    def refused(data: bytes) -> tuple[str, int]:
        limits = BodyLimits(raw_bytes=2 * MIB, inflated_bytes=16 * MIB)
        return refusal(*_pieces(data, step=1 << 10), encoding=encoding, limits=limits)

    tracemalloc.start()
    code = refused(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code == ("inflated_too_large", 413)
    assert peak < 80 * MIB
    assert cost(lambda: refused(bomb), of=lambda: refused(small), limit=6.0) <= 6.0


@pytest.mark.parametrize("encoding", ENCODERS)
def test_the_limits_are_exact(encoding: str) -> None:
    document = b"[" + b" " * 9_998 + b"]"
    sent = ENCODERS[encoding](document)

    exact = BodyLimits(raw_bytes=len(sent), inflated_bytes=len(document))
    assert kept(sent, encoding=encoding, limits=exact).size_bytes == len(document)
    assert refusal(sent, encoding=encoding, limits=BodyLimits(len(sent) - 1, 1 << 20)) == ("too_large", 413)
    assert refusal(sent, encoding=encoding, limits=BodyLimits(1 << 20, len(document) - 1)) == (
        "inflated_too_large",
        413,
    )


def test_a_body_over_the_limit_is_not_read_to_its_end() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 1000

    with pytest.raises(BodyRefusedError):
        store(endless(), encoding="", limits=BodyLimits(raw_bytes=10_000, inflated_bytes=10_000))

    assert taken == 11


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("is_split", [False, True])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:3],
        lambda data: data + b"x",
        lambda data: data + b"\x00" * 9,
        lambda data: data + data,
        lambda data: data[:12] + b"\xff\xff\xff\xff" + data[16:],
    ],
    ids=["last byte", "half", "three bytes", "trailing x", "trailing zeros", "two members", "broken inside"],
)
def test_what_does_not_undo_its_encoding_exactly_is_refused(
    encoding: str, is_split: bool, spoil: Callable[[bytes], bytes]
) -> None:
    sent = spoil(ENCODERS[encoding](DOCUMENT * 50))
    chunks = _pieces(sent, step=1) if is_split else [sent]

    assert refusal(*chunks, encoding=encoding) == ("bad_encoding", 400)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_is_not_encoded_as_said_is_refused(encoding: str) -> None:
    assert refusal(DOCUMENT, encoding=encoding) == ("bad_encoding", 400)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_declared_encoding_without_a_body_is_refused(encoding: str) -> None:
    assert refusal(encoding=encoding) == ("bad_encoding", 400)


@pytest.mark.parametrize("outer", ["gzip", "zstd"])
@pytest.mark.parametrize("inner", ["gzip", "zstd"])
def test_one_encoding_inside_another_is_refused(outer: str, inner: str) -> None:
    sent = ENCODERS[outer](ENCODERS[inner](DOCUMENT))

    assert refusal(sent, encoding=outer) == ("nested_encoding", 422)


def test_a_body_that_is_one_compressed_file_is_kept_as_it_is() -> None:
    sent = gzip.compress(DOCUMENT)

    assert kept(sent).digest == f"sha256:{hashlib.sha256(sent).hexdigest()}"


@pytest.mark.parametrize("encoding", ["br", "deflate", "compress", "gzip, gzip", "gzip,zstd", "bzip2", "xz", "x"])
def test_other_encodings_are_refused(encoding: str) -> None:
    assert refusal(DOCUMENT, encoding=encoding) == ("unsupported_encoding", 415)


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("blank", [b"", b" ", b"\n\t \r\n", b" " * 70_000])
def test_an_empty_or_blank_document_is_refused(encoding: str, blank: bytes) -> None:
    assert refusal(ENCODERS[encoding](blank), encoding=encoding) == ("empty_document", 400)


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("kind", ["zip", "empty zip", "tar", "7z", "rar"])
def test_archives_are_refused(encoding: str, kind: str) -> None:
    archive = _archives()[kind]

    assert refusal(*_pieces(ENCODERS[encoding](archive), step=5), encoding=encoding) == ("unsupported_archive", 415)


def test_what_comes_back_is_at_most_what_was_counted() -> None:
    assert load(kept(DOCUMENT).data, limit=10) == DOCUMENT[:10]


def _archives() -> dict[str, bytes]:
    packed, empty, tape = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("sbom.json", DOCUMENT)
    with zipfile.ZipFile(empty, "w"):
        pass
    with tarfile.open(fileobj=tape, mode="w") as tar:
        member = tarfile.TarInfo("sbom.json")
        member.size = len(DOCUMENT)
        tar.addfile(member, io.BytesIO(DOCUMENT))
    return {
        "zip": packed.getvalue(),
        "empty zip": empty.getvalue(),
        "tar": tape.getvalue(),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(26),
        "rar": b"Rar!\x1a\x07\x01\x00" + bytes(20),
    }


def _pieces(data: bytes, *, step: int = 1 << 16) -> list[bytes]:
    return [data[start : start + step] for start in range(0, len(data), step)]


def _zeros(encoding: str, mebibytes: int) -> bytes:
    if encoding == "zstd":
        compressor = zstandard.ZstdCompressor(level=1).compressobj()
        return b"".join(compressor.compress(bytes(MIB)) for _ in range(mebibytes)) + compressor.flush()
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)]
    return pieces[0] + pieces[1] * (mebibytes - 1)  # after a full flush all are alike
