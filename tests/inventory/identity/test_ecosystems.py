"""OSV's ecosystems as purl types and match keys, with the release that a suffix names."""

import pytest

from inventory.identity.ecosystems import (
    Ecosystem,
    canonical_namespace_of,
    namespaces_of,
    osv_package,
    read_ecosystem,
    read_release,
)
from inventory.identity.purls import PackageKey, parse_purl


@pytest.mark.parametrize(
    ("text", "name", "purl"),
    [
        ("npm", "@ctrl/tinycolor", "pkg:npm/%40ctrl/tinycolor"),
        ("PyPI", "Django_Foo.Bar", "pkg:pypi/django-foo-bar"),
        ("Maven", "org.apache.logging.log4j:log4j-core", "pkg:maven/org.apache.logging.log4j/log4j-core"),
        ("Maven:https://maven.google.com", "a:b", "pkg:maven/a/b"),
        ("Go", "github.com/artdarek/go-unzip", "pkg:golang/github.com/artdarek/go-unzip"),
        ("Go", "stdlib", "pkg:golang/stdlib"),
        ("crates.io", "time", "pkg:cargo/time"),
        ("Packagist", "symfony/http-kernel", "pkg:composer/symfony/http-kernel"),
        ("GitHub Actions", "tj-actions/changed-files", "pkg:githubactions/tj-actions/changed-files"),
        ("SwiftURL", "https://github.com/apple/swift-nio.git", "pkg:swift/github.com/apple/swift-nio"),
        ("VSCode", "publisher.name", "pkg:vscode-extension/publisher/name"),
        ("Debian:12", "xz-utils", "pkg:deb/debian/xz-utils"),
        ("Alpine:v3.18", "xz", "pkg:apk/alpine/xz"),
        ("Red Hat:enterprise_linux:9::appstream", "skopeo", "pkg:rpm/redhat/skopeo"),
        ("Root:npm", "@root/lodash", "pkg:npm/%40root/lodash"),
    ],
)
def test_a_package_has_the_key_of_its_purl(text: str, name: str, purl: str):
    ecosystem = read_ecosystem(text)

    assert ecosystem is not None
    assert osv_package(ecosystem, name) == parse_purl(purl).key


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("Debian:12", "debian-12"), ("Debian:sid", "debian-sid"), ("Debian", ""), ("Ubuntu:22.04:LTS", "ubuntu-22.04"),
        ("Ubuntu:Pro:18.04:LTS", "ubuntu-18.04"), ("Alpine:v3.18", "alpine-3.18"), ("AlmaLinux:9", "almalinux-9"),
        ("Rocky Linux:9", "rocky-9"), ("Red Hat:enterprise_linux:9::appstream", "rhel-9"),
        ("Red Hat:rhel_e4s:9.2::appstream", "rhel-9"), ("Wolfi", ""), ("GitHub Actions", ""),
        ("SUSE:Linux Enterprise Server 15 SP4", ""),
    ],
)  # fmt: skip
def test_a_suffix_names_a_release(text: str, release: str):
    ecosystem = read_ecosystem(text)

    assert ecosystem is not None
    assert ecosystem.release == release


@pytest.mark.parametrize("text", ["", "OSS-Fuzz", "Linux", "Android", "Root", "no such thing:1"])
def test_an_ecosystem_without_purl_type_is_none(text: str):
    assert read_ecosystem(text) is None


@pytest.mark.parametrize(
    ("distro", "release"),
    [
        ("debian-12", "debian-12"), ("debian-12.15", "debian-12"), ("bookworm", "debian-12"), ("sid", "debian-sid"),
        ("ubuntu-22.04", "ubuntu-22.04"), ("jammy", "ubuntu-22.04"), ("alpine-3.18.3", "alpine-3.18"),
        ("almalinux-9.4", "almalinux-9"), ("rhel-9.2", "rhel-9"), ("redhat-9.2", "rhel-9"), ("rocky-9.3", "rocky-9"),
        ("", ""), ("my own linux", ""), ("haiku-1", ""),
    ],
)  # fmt: skip
def test_a_purls_distro_is_the_same_release(distro: str, release: str):
    assert read_release(distro) == release


def test_a_distributions_packages_stand_under_several_namespaces():
    assert "rhel" in namespaces_of(PackageKey("rpm", "redhat", "skopeo"))
    assert namespaces_of(PackageKey("deb", "debian", "bash")) == ("debian",)
    assert canonical_namespace_of("rpm", "rhel") == "redhat"
    assert canonical_namespace_of("rpm", "mine") == "mine"
    assert canonical_namespace_of("deb", "rhel") == "rhel"


def test_an_ecosystem_of_packages_has_no_namespace_of_its_own():
    assert read_ecosystem("npm") == Ecosystem("npm")
