import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.identity.digests import Digest, DigestError, find_digest, parse_digest

HEX64 = "0123456789abcdef" * 4
HEX96 = "0123456789abcdef" * 6
HEX128 = "0123456789abcdef" * 8


@pytest.mark.parametrize("text", [f"sha256:{HEX64}", f"sha384:{HEX96}", f"sha512:{HEX128}"])
def test_a_digest_is_its_algorithm_and_lower_case_hex(text: str) -> None:
    assert str(parse_digest(text)) == text


def test_upper_case_is_lowered_because_it_is_unambiguous() -> None:
    assert parse_digest(f" SHA256:{HEX64.upper()} ") == Digest("sha256", HEX64)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "algorithm first"),
        (HEX64, "algorithm first"),
        (f"sha256:{HEX64[:-1]}", "needs 64 hex characters, this has 63"),
        (f"sha256:{HEX64}0", "this has 65"),
        (f"sha512:{HEX64}", "needs 128"),
        (f"sha256:{HEX64[:-1]}g", "only the hex characters"),
        (f"md5:{HEX64[:32]}", "must be one of sha256, sha384, sha512"),
        (f"SHA-255:{HEX64}", "must be one of"),
        (f"sha256:{HEX64}\n{HEX64}", "this has 129"),
    ],
)
def test_what_is_not_a_digest_is_refused_with_the_defect(text: str, hint: str) -> None:
    with pytest.raises(DigestError, match=re.escape(hint)) as refused:
        parse_digest(text)

    assert refused.value.code == "bad_digest"


@pytest.mark.parametrize(
    "text",
    [
        f"sha256:{HEX64}",
        f"SHA256:{HEX64.upper()}",
        f"registry.example/shop/payments@sha256:{HEX64}",
        f"docker-pullable://registry.example:5000/shop/payments@sha256:{HEX64}",
        f"docker://sha256:{HEX64}",
    ],
)
def test_the_digest_is_found_in_every_form_of_an_image_id(text: str) -> None:
    assert find_digest(text) == Digest("sha256", HEX64)


@pytest.mark.parametrize("text", ["", "nginx:1.25", f"x sha256:{HEX64}", "repo@sha256:abc"])
def test_no_digest_is_guessed(text: str) -> None:
    assert find_digest(text) is None


@given(st.text())
def test_arbitrary_text_is_a_digest_or_is_refused(text: str) -> None:
    try:
        parsed = parse_digest(text)
    except DigestError:
        assert find_digest(text) is None or "@" in text or "://" in text
    else:
        assert parse_digest(str(parsed)) == parsed
