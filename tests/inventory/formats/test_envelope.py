"""A compressed file costs its ceiling, whatever it would unpack to."""

import bz2
import gzip
import lzma
import random
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from inventory.formats.envelope import inflate
from inventory.formats.records import FormatError

MIB = 1 << 20
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}


@pytest.mark.parametrize("encoding", ENCODERS)
@given(data=st.binary(min_size=1, max_size=5000), step=st.integers(1, 3000))
def test_what_was_compressed_comes_back(encoding: str, data: bytes, step: int) -> None:
    sent = ENCODERS[encoding](data)
    chunks = [sent[start : start + step] for start in range(0, len(sent), step)]

    assert b"".join(inflate(chunks, encoding=encoding, limit=len(data))) == data


@pytest.mark.parametrize("encoding", ENCODERS)
def test_a_bomb_is_stopped_at_the_ceiling_in_bounded_memory(encoding: str) -> None:
    bomb = ENCODERS[encoding](bytes(96 * MIB))

    tracemalloc.start()
    with pytest.raises(FormatError) as caught:
        for _ in inflate([bomb], encoding=encoding, limit=4 * MIB):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert caught.value.code == "inflated_too_large"
    assert peak < 48 * MIB


@pytest.mark.parametrize("encoding", ENCODERS)
@given(noise=st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_happens(encoding: str, noise: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        for _ in inflate([ENCODERS[encoding](b"{}")[:4] + noise], encoding=encoding, limit=MIB):
            pass

    assert caught.value.code in {"bad_encoding", "inflated_too_large"}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_what_grows_as_no_document_does_is_stopped_long_before_the_ceiling(encoding: str) -> None:
    came_out: list[int] = []
    pieces = map(len, inflate([ENCODERS[encoding](bytes(96 * MIB))], encoding=encoding, limit=1024 * MIB))

    with pytest.raises(FormatError) as caught:
        came_out.extend(pieces)

    assert caught.value.code == "inflated_too_large"
    assert 0 < sum(came_out) <= 32 * MIB


def test_a_long_document_of_nothing_but_alike_components_is_no_bomb() -> None:
    components = b",".join(b'{"name":"a","version":"%d","purl":"pkg:npm/a@%d"}' % (n, n) for n in range(1_000_000))
    sent = lzma.compress(components, preset=0)

    assert len(components) > 32 * MIB
    assert sum(map(len, inflate([sent], encoding="xz", limit=len(components)))) == len(components)


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "xz"])
def test_a_document_with_a_licence_text_in_each_component_is_no_bomb(encoding: str) -> None:
    licence = random.Random(1).randbytes(20_000).hex().encode()
    components = b",".join(b'{"purl":"pkg:npm/a-%d@1.0","text":"%b"}' % (n, licence) for n in range(1_000))
    sent = ENCODERS[encoding](components)

    assert len(components) > 32 * MIB
    assert sum(map(len, inflate([sent], encoding=encoding, limit=len(components)))) == len(components)
