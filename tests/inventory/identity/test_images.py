import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.identity.digests import Digest
from inventory.identity.images import ImageError, ImageIdKind, parse_image, parse_image_id

HEX = "ab" * 32
DIGEST = Digest("sha256", HEX)


@pytest.mark.parametrize(
    ("text", "name", "tag"),
    [
        ("nginx", "docker.io/library/nginx", ""),
        ("nginx:1.25", "docker.io/library/nginx", "1.25"),
        ("bitnami/redis:7", "docker.io/bitnami/redis", "7"),
        ("docker.io/nginx", "docker.io/library/nginx", ""),
        ("index.docker.io/library/nginx", "docker.io/library/nginx", ""),
        ("GHCR.IO/acme/shop:v1", "ghcr.io/acme/shop", "v1"),
        ("localhost/shop", "localhost/shop", ""),
        ("localhost:5000/shop:v1", "localhost:5000/shop", "v1"),
        ("127.0.0.1:5055/shop/payments", "127.0.0.1:5055/shop/payments", ""),
        ("[::1]:5000/shop", "[::1]:5000/shop", ""),
        ("quay.io/a/b/c/d:x_Y-1.2", "quay.io/a/b/c/d", "x_Y-1.2"),
    ],
)
def test_a_reference_names_its_registry_and_repository_in_full(text: str, name: str, tag: str) -> None:
    image = parse_image(text)

    assert (image.name, image.tag, image.digest) == (name, tag, None)


def test_where_tag_and_digest_are_given_the_digest_is_kept_beside_the_tag() -> None:
    image = parse_image(f"ghcr.io/acme/shop:v1@sha256:{HEX}")

    assert (image.tag, image.digest) == ("v1", DIGEST)
    assert str(image) == f"ghcr.io/acme/shop:v1@sha256:{HEX}"


def test_a_sha512_digest_is_a_digest() -> None:
    digest = parse_image(f"ghcr.io/acme/shop@sha512:{'ab' * 64}").digest

    assert digest is not None
    assert digest.algorithm == "sha512"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ghcr.io/Acme/Shop",
        "a b",
        "ghcr.io/acme/",
        "/acme/shop",
        "ghcr.io//shop",
        "ghcr.io/../shop",
        "shop:",
        "shop:-bad",
        f"shop:{'x' * 129}",
        "shop@",
        "shop@sha256:abc",
        f"shop@md5:{'ab' * 16}",
        f"shop@sha256:{HEX}@sha256:{HEX}",
        "https://ghcr.io/acme/shop",
        "shop\x00",
        f"ghcr.io/{'a' * 300}",
    ],
)
def test_what_no_runtime_would_pull_is_refused(text: str) -> None:
    with pytest.raises(ImageError) as refused:
        parse_image(text)

    assert refused.value.code == "bad_image"
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    ("text", "kind", "repository"),
    [
        (f"docker-pullable://ghcr.io/acme/shop@sha256:{HEX}", ImageIdKind.MANIFEST_OR_INDEX, "ghcr.io/acme/shop"),
        (f"ghcr.io/acme/shop@sha256:{HEX}", ImageIdKind.MANIFEST_OR_INDEX, "ghcr.io/acme/shop"),
        (f"ghcr.io/acme/shop:v1@sha256:{HEX}", ImageIdKind.MANIFEST_OR_INDEX, "ghcr.io/acme/shop"),
        (f"nginx@sha256:{HEX}", ImageIdKind.MANIFEST_OR_INDEX, "docker.io/library/nginx"),
        (f"docker://sha256:{HEX}", ImageIdKind.CONFIG, ""),
        (f"sha256:{HEX}", ImageIdKind.UNKNOWN, ""),
        (
            f"docker.io/library/import-2023-03-30@sha256:{HEX}",
            ImageIdKind.UNKNOWN,
            "docker.io/library/import-2023-03-30",
        ),
    ],
)
def test_an_image_id_says_what_its_digest_can_be_and_no_more(text: str, kind: ImageIdKind, repository: str) -> None:
    image_id = parse_image_id(text)

    assert (image_id.kind_hint, image_id.repository, image_id.digest) == (kind, repository, DIGEST)


@pytest.mark.parametrize("text", ["", "  ", "nginx:1.25", "docker-pullable://", "ghcr.io/acme/shop@sha256:abc"])
def test_an_image_id_without_a_digest_says_nothing(text: str) -> None:
    assert parse_image_id(text).kind_hint is ImageIdKind.NONE
    assert parse_image_id(text).digest is None


@given(st.text())
def test_arbitrary_text_is_a_reference_or_is_refused(text: str) -> None:
    parse_image_id(text)
    try:
        image = parse_image(text)
    except ImageError:
        return
    assert parse_image(str(image)) == image


@given(st.from_regex(r"\A[a-z0-9]{1,8}(\.[a-z]{2,3})?(:[0-9]{2,4})?/[a-z0-9_.-]{1,9}(:[\w.-]{1,9})?\Z"))
def test_a_reference_written_out_is_read_back_the_same(text: str) -> None:
    try:
        image = parse_image(text)
    except ImageError:
        return
    assert parse_image(str(image)) == image
