"""One repository, one name."""

import pytest

from inventory.identity.repositories import canonical_repository, repository_on


@pytest.mark.parametrize(
    "text",
    [
        "github.com/Acme/Shop",
        "https://github.com/acme/shop.git",
        "git+https://github.com/acme/shop@refs/heads/main#sub",
        "git@github.com:acme/shop.git",
        "ssh://git@github.com/acme/shop",
        "https://user:pass@github.com/acme/shop/?tab=x",
        "GITHUB.COM/acme/shop/",
    ],
)
def test_every_way_to_write_an_address_is_one_repository(text) -> None:
    assert canonical_repository(text) == "github.com/acme/shop"


def test_case_counts_where_the_host_may_tell_them_apart() -> None:
    assert canonical_repository("https://git.example.test:8443/Team/Sub/Repo") == "git.example.test:8443/Team/Sub/Repo"


@pytest.mark.parametrize(
    "text", ["", "acme/shop", "shop", "https://github.com/", "github.com/a/../b", "github.com/a b", "x" * 2_000, "a.b/"]
)
def test_what_is_no_address_has_no_name(text) -> None:
    assert canonical_repository(text) is None


def test_a_short_name_is_one_of_its_service() -> None:
    assert repository_on("github.com", " Acme/Shop ") == "github.com/acme/shop"
    assert repository_on("github.com", "https://evil.test/x") is None
