import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.identity.purls import PackageKey, Purl, PurlError, package_key, package_purl, parse_purl

TINYCOLOR = "pkg:npm/%40ctrl/tinycolor@4.1.1"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (TINYCOLOR, TINYCOLOR),
        ("pkg:npm/@ctrl/tinycolor@4.1.1", TINYCOLOR),
        ("PKG:NPM/%40ctrl/tinycolor@4.1.1", TINYCOLOR),
        ("pkg://npm/%40ctrl/tinycolor@4.1.1", TINYCOLOR),
        ("pkg:npm/%40ctrl%2Ftinycolor@4.1.1", TINYCOLOR),
        (" pkg:npm/@ctrl/tinycolor@4.1.1?vcs_url=git%2Bhttps://x#dist ", TINYCOLOR),
        ("pkg:pypi/Django_Foo.Bar@1", "pkg:pypi/django-foo.bar@1"),
        ("pkg:oci/app@SHA256:ABC?repository_url=ghcr.io/acme/app&arch=amd64", "pkg:oci/app@sha256:abc?arch=amd64"),
        ("pkg:oci/127.0.0.1:5055/shop/payments@sha256:ab", "pkg:oci/127.0.0.1:5055/shop/payments@sha256:ab"),
        ("pkg:maven/a/b@1?type=jar", "pkg:maven/a/b@1"),
        ("pkg:maven/a/b@1?type=jar&classifier=x", "pkg:maven/a/b@1?classifier=x"),
        ("pkg:maven/a/b@1?classifier=x&type=war", "pkg:maven/a/b@1?classifier=x&type=war"),
        ("pkg:maven/a/b@1?type=war&classifier=x", "pkg:maven/a/b@1?classifier=x&type=war"),
        ("pkg:gem/nokogiri@1.16?platform=ruby", "pkg:gem/nokogiri@1.16"),
        ("pkg:gem/nokogiri@1.16?platform=java", "pkg:gem/nokogiri@1.16?platform=java"),
        ("pkg:apk/alpine/busybox@1.36?distro=3.18.3", "pkg:apk/alpine/busybox@1.36?distro=alpine-3.18.3"),
        ("pkg:golang/github.com/Foo/Bar@v1#cmd/x", "pkg:golang/github.com/Foo/Bar@v1"),
        ("pkg:git/codeberg.org/forgejo/forgejo@a72d2c0", "pkg:git/codeberg.org/forgejo/forgejo@a72d2c0"),
        ("pkg:github/TJ-actions/Changed-Files@v45", "pkg:github/tj-actions/changed-files@v45"),
        ("pkg:generic/r%D0%B5quests@1", "pkg:generic/r%D0%B5quests@1"),
    ],
)
def test_one_package_version_has_one_text(written: str, text: str) -> None:
    assert parse_purl(written).text == text
    assert parse_purl(text).text == text


@pytest.mark.parametrize(
    ("syft", "trivy"),
    [
        (
            "pkg:deb/debian/bsdutils@1:2.38.1-5%2Bdeb12u3?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1",
            "pkg:deb/debian/bsdutils@2.38.1-5%2Bdeb12u3?arch=amd64&distro=debian-12.15&epoch=1",
        ),
        (
            "pkg:rpm/rhel/bind@32:9.11-1.el8?arch=x86_64&distro=rhel-8.8&upstream=bind-9.11-1.el8.src.rpm",
            "pkg:rpm/rhel/bind@9.11-1.el8?arch=x86_64&distro=rhel-8.8&epoch=32",
        ),
    ],
)
def test_what_two_scanners_say_of_one_package_is_one_identity(syft: str, trivy: str) -> None:
    assert parse_purl(syft).text == parse_purl(trivy).text


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("pkg:deb/debian/a@1:2.0?epoch=1", "1:2.0"),
        ("pkg:deb/debian/a@2.0?epoch=1", "1:2.0"),
        ("pkg:deb/debian/a@2.0?epoch=0", "2.0"),
        ("pkg:deb/debian/a@0:2.0", "2.0"),
        ("pkg:deb/debian/a@2.0?epoch=x", "2.0"),
        ("pkg:deb/debian/a?epoch=1", ""),
        ("pkg:npm/a@2.0?epoch=1", "2.0"),
    ],
)
def test_an_epoch_is_folded_into_the_version_once(text: str, version: str) -> None:
    assert parse_purl(text).version == version


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("pkg:npm/%40Ctrl/TinyColor", PackageKey("npm", "@ctrl", "tinycolor")),
        ("pkg:pypi/Django_Foo.Bar@1", PackageKey("pypi", "", "django-foo-bar")),
        ("pkg:pypi/django__foo", PackageKey("pypi", "", "django-foo")),
        ("pkg:nuget/Newtonsoft.JSON", PackageKey("nuget", "", "newtonsoft.json")),
        ("pkg:golang/github.com/Foo/Bar", PackageKey("golang", "github.com/foo", "bar")),
        ("pkg:composer/Symfony/HTTP-kernel", PackageKey("composer", "symfony", "http-kernel")),
        ("pkg:deb/Debian/LibLZMA5", PackageKey("deb", "debian", "liblzma5")),
        ("pkg:gem/RedCloth", PackageKey("gem", "", "redcloth")),
        ("pkg:apk/alpine/BusyBox", PackageKey("apk", "alpine", "busybox")),
        ("pkg:cargo/Inflector", PackageKey("cargo", "", "Inflector")),
        ("pkg:maven/HTTPClient/HTTPClient", PackageKey("maven", "HTTPClient", "HTTPClient")),
        ("pkg:rpm/RHEL/NetworkManager", PackageKey("rpm", "rhel", "NetworkManager")),
        ("pkg:githubactions/TJ-Actions/Changed-Files", PackageKey("githubactions", "tj-actions", "changed-files")),
        ("pkg:pub/flutter-Kit", PackageKey("pub", "", "flutter_kit")),
    ],
)
def test_packages_match_under_their_ecosystems_own_case_rules(text: str, key: PackageKey) -> None:
    purl = parse_purl(text)

    assert purl.key == key
    assert package_key(purl.type, purl.namespace, purl.name) == key


def test_lookalikes_are_different_packages() -> None:
    assert parse_purl("pkg:pypi/requests").key != parse_purl("pkg:pypi/rеquests").key  # noqa: RUF001


@pytest.mark.parametrize(
    ("text", "upstream"),
    [
        ("pkg:deb/debian/liblzma5@5.4.1?upstream=xz-utils", "xz-utils"),
        ("pkg:deb/debian/liblzma5@5.4.1?upstream=xz-utils%405.4.1-0.2", "xz-utils"),
        ("pkg:rpm/rhel/bash-libs@5?upstream=bash-completion-2.7-5.el8.src.rpm", "bash-completion"),
        ("pkg:deb/debian/liblzma5@5.4.1", ""),
    ],
)
def test_the_source_package_is_named_without_its_version(text: str, upstream: str) -> None:
    assert parse_purl(text).upstream == upstream


@pytest.mark.parametrize(
    ("text", "package", "name"),
    [
        (TINYCOLOR, "pkg:npm/%40ctrl/tinycolor", "@ctrl/tinycolor"),
        ("pkg:maven/org.a/b@1", "pkg:maven/org.a/b", "org.a:b"),
        ("pkg:deb/debian/liblzma5@5.4?arch=amd64", "pkg:deb/debian/liblzma5", "liblzma5"),
        ("pkg:golang/golang.org/x/net@v0.1", "pkg:golang/golang.org/x/net", "golang.org/x/net"),
    ],
)
def test_a_package_is_shown_as_its_people_write_it(text: str, package: str, name: str) -> None:
    purl = parse_purl(text)

    assert (purl.package_purl, purl.display_name) == (package, name)
    assert package_purl(purl.type, namespace=purl.namespace, name=purl.name) == package


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "begin with pkg:"),
        ("left-pad@1.3.0", "begin with pkg:"),
        ("pkg:npm", "type"),
        ("pkg:npm/", "no name"),
        ("pkg:npm/@ctrl", "no name"),
        ("pkg:julia/@1.9", "no name"),
        ("pkg:3npm/a", "type"),
        ("pkg:npm/a%00b", "control character"),
        ("pkg:npm/a\x00b", "control character"),
        ("pkg:npm/a%0Ab", "control character"),
        ("pkg:npm/..%2f..%2fetc%2fpasswd", "'..' segment"),
        ("pkg:npm/../a", "'..' segment"),
        ("pkg:npm/./a", "'.' segment"),
        ("pkg:npm/a@..%2f1", "climbs out"),
        ("pkg:npm/a#../../b", "climbs out"),
        ("pkg:npm/a%ff", "UTF-8"),
        ("pkg:npm/a@1?arch=%fe", "UTF-8"),
        ("pkg:npm/\ud800", "surrogate"),
        ("pkg:npm/a@1?in%20production=true", "qualifier"),
        ("pkg:npm/a@1?arch=x&arch=y", "twice"),
        (f"pkg:npm/{'a' * 2048}", "2048"),
        (f"pkg:npm/{'ж' * 1000}", "Written out"),
        ("pkg:npm/a?" + "&".join(f"k{number}=v" for number in range(33)), "more than 32"),
    ],
)
def test_what_is_unsafe_or_no_purl_is_refused_with_the_reason(text: str, hint: str) -> None:
    with pytest.raises(PurlError) as refused:
        parse_purl(text)

    assert refused.value.code == "bad_purl"
    assert hint in refused.value.message
    assert refused.value.message.isprintable()


def test_32_qualifiers_are_not_too_many() -> None:
    text = "pkg:npm/a@1?" + "&".join(f"k{number}=v" for number in range(32))

    assert len(parse_purl(text).qualifiers) == 32
    assert parse_purl(text).text == "pkg:npm/a@1"


@pytest.mark.parametrize(
    "text", ["pkg:npm/" + "a" * 100_000, "pkg:npm/a?" + "&" * 100_000, "pkg:npm/" + "a/" * 900 + "?"]
)
def test_a_huge_text_is_refused_at_once(text: str) -> None:
    started = time.process_time()

    with contextlib.suppress(PurlError):
        parse_purl(text)

    assert time.process_time() - started < 0.5


@given(st.text())
def test_arbitrary_text_is_a_purl_or_is_refused(text: str) -> None:
    _assert_settled(text)


@given(
    st.text(alphabet="abA1.-_~%@/:?&=#+024feEé ", max_size=40),
    st.sampled_from(["npm", "pypi", "deb", "git", "pub", "maven"]),
)
def test_the_identity_of_an_identity_is_itself(path: str, purl_type: str) -> None:
    _assert_settled(f"pkg:{purl_type}/{path}")


@given(
    st.sampled_from(["npm", "pypi", "maven", "golang", "composer", "deb", "gem", "cargo"]),
    st.text(min_size=1, max_size=12).filter(lambda name: "/" not in name and name.strip(".") and name.isprintable()),
)
def test_a_package_built_from_its_parts_is_read_back(purl_type: str, name: str) -> None:
    text = package_purl(purl_type, namespace="group", name=name)

    assert parse_purl(text).key == package_key(purl_type, "group", name)


def _assert_settled(text: str) -> None:
    try:
        purl = parse_purl(text)
    except PurlError:
        return
    again: Purl = parse_purl(purl.text)
    assert (again.text, again.key, again.version) == (purl.text, purl.key, purl.version)
    assert parse_purl(purl.package_purl).key == purl.key
