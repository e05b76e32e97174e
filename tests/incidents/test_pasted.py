"""What responders paste, line by line: what it is taken for, and that nothing gets lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from incidents.pasted import MAX_INDICATORS, parse_text, read_text
from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from supplychain.errors import DomainError
from tests.effort import calls_of

HEX = "a" * 64
CALLS_A_LINE = 35
REAL_LIST = Path(__file__).parents[3] / "shared/corpus/incident-feed/lists/shai-hulud-detect-compromised-packages.txt"


def read_one(text: str) -> Indicator:
    (indicator,) = parse_text(text)
    return indicator


# --- Packages ------------------------------------------------------------------------------------------------------

ANY = None
PACKAGES = [
    # purls
    ("pkg:npm/event-stream@3.3.6", "npm", "", "event-stream", ("3.3.6",)),
    ("pkg:npm/event-stream", "npm", "", "event-stream", ()),
    ("pkg:npm/%40ctrl/tinycolor@4.1.1", "npm", "@ctrl", "tinycolor", ("4.1.1",)),
    ("pkg:npm/@ctrl/tinycolor@4.1.1", "npm", "@ctrl", "tinycolor", ("4.1.1",)),
    ("PKG:NPM/%40ctrl/tinycolor@4.1.1", "npm", "@ctrl", "tinycolor", ("4.1.1",)),
    ('"pkg:npm/left-pad@1.0",', "npm", "", "left-pad", ("1.0",)),
    ("pkg:pypi/Django_Foo.Bar@1", "pypi", "", "django-foo-bar", ("1",)),
    ("pkg:nuget/Newtonsoft.JSON@13.0.1", "nuget", "", "newtonsoft.json", ("13.0.1",)),
    ("pkg:golang/github.com/Foo/Bar@v1.0.0#cmd/x", "golang", "github.com/foo", "bar", ("v1.0.0",)),
    ("pkg:npm/x,= 1.0 || = 1.1", "npm", "", "x", ("1.0", "1.1")),
    # names with a version
    ("event-stream@3.3.6", "", ANY, "event-stream", ("3.3.6",)),
    ("event-stream:3.3.6", "", ANY, "event-stream", ("3.3.6",)),
    ("@ctrl/tinycolor:4.1.1", "npm", "@ctrl", "tinycolor", ("4.1.1",)),
    ("@ctrl/tinycolor@4.1.1", "npm", "@ctrl", "tinycolor", ("4.1.1",)),
    ("@ctrl/tinycolor", "npm", "@ctrl", "tinycolor", ()),
    ("Django_Foo.Bar@1.0", "", ANY, "Django_Foo.Bar", ("1.0",)),
    ("express", "", ANY, "express", ()),
    ("express@*", "", ANY, "express", ()),
    ("foo@latest", "", ANY, "foo", ("latest",)),
    ("lodash 4.17.20", "", ANY, "lodash", ("4.17.20",)),
    ("lodash == 4.17.20", "", ANY, "lodash", ("4.17.20",)),
    ("foo: 1.0, 1.1", "", ANY, "foo", ("1.0", "1.1")),
    ("foo = 1.0 || = 1.1", "", ANY, "foo", ("1.0", "1.1")),
    ("redis:7.2", "", ANY, "redis", ("7.2",)),
    ("vendor/name:1.0", "", "vendor", "name", ("1.0",)),
    ("tj-actions/changed-files@v45", "", "tj-actions", "changed-files", ("v45",)),
    # prefixes
    ("npm:chalk:5.6.1", "npm", "", "chalk", ("5.6.1",)),
    ("npm:@scope/x:1.0", "npm", "@scope", "x", ("1.0",)),
    ("NPM: chalk@5.6.1", "npm", "", "chalk", ("5.6.1",)),
    ("pypi:Foo_Bar:1.0", "pypi", "", "foo-bar", ("1.0",)),
    ("go:github.com/x/v.a.p.e:v0.0.0-20260805-3577fc492f9c", "golang", "github.com/x", "v.a.p.e",
     ("v0.0.0-20260805-3577fc492f9c",)),
    ("composer:Vendor/Package:1.0", "composer", "vendor", "package", ("1.0",)),
    ("crates:serde:1.0.1", "cargo", "", "serde", ("1.0.1",)),
    ("gem:rack:2.2.3", "gem", "", "rack", ("2.2.3",)),
    ("nuget:Newtonsoft.Json:13.0.1", "nuget", "", "newtonsoft.json", ("13.0.1",)),
    ("deb:openssl:1:3.0.2-1", "deb", "", "openssl", ("1:3.0.2-1",)),
    ("maven:org.foo:bar:1.0", "maven", "org.foo", "bar", ("1.0",)),
    ("npm:6.0.0", "", ANY, "npm", ("6.0.0",)),
    ("go:1.21.3", "", ANY, "go", ("1.21.3",)),
    ("pkg:1.0", "", ANY, "pkg", ("1.0",)),
    # Maven
    ("org.apache.logging.log4j:log4j-core:2.14.1", "maven", "org.apache.logging.log4j", "log4j-core", ("2.14.1",)),
    ("org.apache.logging.log4j:log4j-core", "maven", "org.apache.logging.log4j", "log4j-core", ()),
    ("org.foo:bar:jar:2.0:compile", "maven", "org.foo", "bar", ("2.0",)),
    # what is around it
    ("  - event-stream@3.3.6", "", ANY, "event-stream", ("3.3.6",)),
    ("3. event-stream@3.3.6", "", ANY, "event-stream", ("3.3.6",)),
    ("`event-stream@3.3.6`", "", ANY, "event-stream", ("3.3.6",)),
    ("'event-stream@3.3.6',", "", ANY, "event-stream", ("3.3.6",)),
    ("event-stream@3.3.6  # the bad one", "", ANY, "event-stream", ("3.3.6",)),
    ("\ufeffevent-stream@3.3.6\r", "", ANY, "event-stream", ("3.3.6",)),
    ("event-stream\u00a03.3.6", "", ANY, "event-stream", ("3.3.6",)),
    ("r\u0435quests:1.0", "", ANY, "r\u0435quests", ("1.0",)),
    # lines of lock files
    ("requests==2.31.0 --hash=sha256:abc", "", ANY, "requests", ("2.31.0",)),
    ('requests[security]==2.31.0 ; python_version < "3"', "", ANY, "requests", ("2.31.0",)),
    ("    rack (2.2.3)", "", ANY, "rack", ("2.2.3",)),
    ("github.com/x/y v1.2.3 h1:abc=", "golang", "github.com/x", "y", ("v1.2.3",)),
    ("github.com/x/y v1.2.3/go.mod h1:abc=", "golang", "github.com/x", "y", ("v1.2.3",)),
    ("github.com/x/y@v1.2.3", "golang", "github.com/x", "y", ("v1.2.3",)),
    ('"lodash": "4.17.21",', "", ANY, "lodash", ("4.17.21",)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "purl_type", "namespace", "name", "versions"), PACKAGES)
def test_a_package_is_read(text: str, purl_type: str, namespace: str | None, name: str, versions: tuple[str, ...]):
    indicator = read_one(text)

    assert (indicator.kind, indicator.problem) == (IndicatorKind.PACKAGE, None)
    assert indicator.package == PackageName(purl_type, namespace, name)
    assert indicator.versions == versions
    assert (indicator.range, indicator.range_text) == (None, None)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("pkg:maven/g/a vers:maven/>=2.0|<2.15.0", "vers:maven/>=2.0|<2.15.0"),
        ("pkg:npm/x@<1.2", "vers:npm/<1.2.0"),
        ("pkg:npm/x@>=1.0 <1.2", "vers:npm/>=1.0.0|<1.2.0"),
        ("npm:x <1.2.0", "vers:npm/<1.2.0"),
        ("pypi:requests>=2.0,<2.31", "vers:pypi/>=2.0|<2.31"),
        ("org.foo:bar [2.0,2.15.0)", "vers:maven/>=2.0|<2.15.0"),
        ("log4j-core vers:maven/<2.15.0", "vers:maven/<2.15.0"),
        ("@a/b ^1.2.0", "vers:npm/>=1.2.0|<2.0.0"),
    ],
)
def test_a_range_is_read_by_the_order_of_its_ecosystem(text: str, canonical: str):
    indicator = read_one(text)

    assert indicator.range is not None
    assert indicator.range.canonical == canonical
    assert indicator.as_asked()["range"] == canonical


@pytest.mark.parametrize(
    ("text", "name", "range_text"),
    [
        ("log4j-core <2.15.0", "log4j-core", "<2.15.0"),
        ("requests>=2.0,<2.31", "requests", ">=2.0,<2.31"),
        ("lodash@^4.0.0", "lodash", "^4.0.0"),
        ("log4j-core [2.0,2.15.0)", "log4j-core", "[2.0,2.15.0)"),
        ("rack (>= 2.0)", "rack", ">= 2.0"),
        ("foo@1.x", "foo", "1.x"),
    ],
)
def test_the_range_of_a_bare_name_waits_for_its_ecosystem(text: str, name: str, range_text: str):
    indicator = read_one(text)

    assert indicator.package == PackageName("", None, name)
    assert (indicator.range, indicator.range_text, indicator.problem) == (None, range_text, None)
    assert indicator.as_asked()["range"] == range_text


def test_a_purl_keeps_the_qualifiers_that_name_other_bytes():
    indicator = read_one("pkg:deb/debian/liblzma5@5.6.1-1?arch=amd64&distro=debian-13.2&upstream=xz-utils")

    assert indicator.qualifiers == (("arch", "amd64"), ("distro", "debian-13"))
    assert indicator.purl == "pkg:deb/debian/liblzma5"


def test_several_purls_of_a_line_are_several_indicators():
    indicators = parse_text("pkg:npm/a@1.0, pkg:npm/b@2.0 pkg:npm/c@<3")

    assert [indicator.purl for indicator in indicators] == ["pkg:npm/a", "pkg:npm/b", "pkg:npm/c"]
    assert {indicator.line for indicator in indicators} == {1}
    assert [one.given for one in parse_text("a@1, b@2\n - c@3")] == ["a@1", "b@2", "c@3"]


def test_words_behind_a_purl_are_told():
    package, words = parse_text("pkg:npm/x@1.0 is malicious")

    assert (package.kind, package.versions) == (IndicatorKind.PACKAGE, ("1.0",))
    assert (words.kind, words.given) == (IndicatorKind.UNREADABLE, "is malicious")


# --- Tables --------------------------------------------------------------------------------------------------------


def shown(text: str) -> list[tuple[int | None, str | None, str, tuple[str, ...]]]:
    return [
        (found.line, found.package.type if found.package else None, found.package.name if found.package else "",
         found.versions)
        for found in parse_text(text)
    ]  # fmt: skip


def test_a_vendors_csv_is_read_row_by_row():
    text = '\ufeff"Package","Version"\r\n"@ctrl/tinycolor","= 4.1.1 || = 4.1.2"\r\nfoo,\'= 1.0\r\nbar,1.0,1.1\r\n'

    assert shown(text) == [
        (2, "npm", "tinycolor", ("4.1.1", "4.1.2")),
        (3, "", "foo", ("1.0",)),
        (4, "", "bar", ("1.0", "1.1")),
    ]
    assert read_text(text).ignored_line_count == 1


def test_a_column_says_the_ecosystem():
    assert shown("ecosystem,name,version\nnpm,foo,1.0\nPyPI,Foo_Bar,2.0") == [
        (2, "npm", "foo", ("1.0",)),
        (3, "pypi", "foo-bar", ("2.0",)),
    ]
    assert shown("npm,foo,1.0") == [(1, "npm", "foo", ("1.0",))]


def test_a_table_of_a_web_page_is_read():
    assert shown("| Package | Versions |\n|---|---|\n| `@a/b` | 1.0, 1.1 |\n| c | 2.0 |") == [
        (3, "npm", "b", ("1.0", "1.1")),
        (4, "", "c", ("2.0",)),
    ]
    assert shown("name\tversion\nfoo\t1.0") == [(2, "", "foo", ("1.0",))]


@pytest.mark.parametrize("row", ["foo,", '=HYPERLINK("http://x","y"),1.0', "@SUM(1+1)*cmd|' /C calc'!A0,1.0"])
def test_a_row_nobody_can_read_is_told(row: str):
    _, indicator = parse_text(f"package,version\na,1.0\n{row}")

    assert (indicator.kind, indicator.line) == (IndicatorKind.UNREADABLE, 3)
    assert indicator.problem


# --- Lock files ----------------------------------------------------------------------------------------------------

PACKAGE_LOCK = """{
  "lockfileVersion": 3,
  "packages": {
    "": {
      "name": "app",
      "version": "9.9.9",
      "dependencies": {
        "lodash": "^4.0.0"
      }
    },
    "node_modules/@ctrl/tinycolor": {
      "version": "4.1.1",
      "resolved": "https://r.example/x.tgz",
      "integrity": "sha512-abc==",
      "engines": {
        "node": ">=14"
      }
    },
    "node_modules/a/node_modules/lodash": {
      "version": "4.17.21"
    }
  }
}"""
YARN = """# yarn lockfile v1

"@ctrl/tinycolor@^4.0.0", "@ctrl/tinycolor@^4.1.0":
  version "4.1.1"
  resolved "https://r.example/x.tgz#abc"
  dependencies:
    "@babel/highlight" "^7.10.4"

lodash@^4.17.0:
  version "4.17.21"
"""
BERRY = """__metadata:
  version: 6

"@ctrl/tinycolor@npm:^4.1.0":
  version: 4.1.1
  resolution: "@ctrl/tinycolor@npm:4.1.1"

"lodash@npm:^4.17.21":
  version: 4.17.21
"""
PNPM = """lockfileVersion: '9.0'
packages:

  '@ctrl/tinycolor@4.1.1':
    resolution: {integrity: sha512-abc}
    engines: {node: '>=6'}

  lodash@4.17.21:
    resolution: {integrity: sha512-x}
"""


@pytest.mark.parametrize("text", [PACKAGE_LOCK, YARN, BERRY, PNPM], ids=["npm", "yarn", "berry", "pnpm"])
def test_a_lock_file_of_npm_asks_for_what_it_locks(text: str):
    found = parse_text(text)

    assert [(one.purl, one.versions) for one in found] == [
        ("pkg:npm/%40ctrl/tinycolor", ("4.1.1",)),
        ("pkg:npm/lodash", ("4.17.21",)),
    ]


CARGO = (
    '[[package]]\nname = "a"\nversion = "1.0"\nsource = "x"\ndependencies = [\n "foo",\n]\n\n[[package]]\nname = "b"\n'
)
COMPOSER = """{
    "packages": [
        {
            "name": "acme/a",
            "version": "1.0",
            "require": {
                "php": ">=7.2"
            }
        },
        {
            "name": "acme/b",
            "version": "2.0"
        }
    ]
}"""
GEMS = """GEM
  remote: https://r.example/
  specs:
    a (1.0)
      foo (>= 1.0)
    b (2.0)

PLATFORMS
  ruby

DEPENDENCIES
  a (~> 1.0)
"""


@pytest.mark.parametrize("text", [CARGO + 'version = "2.0"\n', COMPOSER, GEMS], ids=["cargo", "composer", "gems"])
def test_other_lock_files_ask_for_what_they_lock(text: str):
    assert [(name, versions) for _, _, name, versions in shown(text)] == [("a", ("1.0",)), ("b", ("2.0",))]


@pytest.mark.parametrize("text", [CARGO, "lodash@^4.0.0:", '"node_modules/x": {'])
def test_a_name_in_a_lock_file_without_its_version_is_told(text: str):
    *_, last = parse_text(text)

    assert last.kind is IndicatorKind.UNREADABLE
    assert last.problem == "no version of this package follows: write it as name@version"


def test_what_follows_a_lock_file_is_read_again():
    assert shown(f"{YARN}\nfoo@1.0")[-1][2:] == ("foo", ("1.0",))
    assert shown(f"{GEMS}\nfoo@1.0")[-1][2:] == ("foo", ("1.0",))
    assert shown('[[package]]\nname = "a"\nversion = "1.0"\nfoo@1.0')[-1][2:] == ("foo", ("1.0",))


# --- Everything else -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [f"sha256:{HEX}", f"SHA256:{HEX.upper()}", f"app@sha256:{HEX}", f"r.io/x/app:1@sha256:{HEX}",
             f"docker-pullable://r.io/app@sha256:{HEX}", f"pkg:oci/app@sha256:{HEX}?repository_url=r.io/app"],
)  # fmt: skip
@pytest.mark.parametrize("digit", ["a", "1"])
def test_a_digest_is_an_artifact(text: str, digit: str):
    indicator = read_one(text.replace("a" * 64, digit * 64).replace("A" * 64, digit.upper() * 64))

    assert (indicator.kind, indicator.digest, indicator.problem) == (
        IndicatorKind.ARTIFACT,
        f"sha256:{digit * 64}",
        None,
    )


def test_hex_that_starts_with_a_digit_is_a_hash():
    assert [one.algorithm for one in parse_text(f"md5:{'1' * 32}\nsha1:{'1' * 40}\n{'1' * 40}")] == [
        "md5",
        "sha1",
        "sha1",
        None,
    ]


@pytest.mark.parametrize(
    ("text", "algorithm", "length"),
    [("b" * 32, "md5", 32), (f"sha1:{'b' * 40}", "sha1", 40),
     (f"SHA-1: {'b' * 40}", "sha1", 40), ("b" * 64, "sha256", 64), ("b" * 96, "sha384", 96),
     ("b" * 128, "sha512", 128)],
)  # fmt: skip
def test_hex_is_a_hash(text: str, algorithm: str, length: int):
    indicator = read_one(text)

    assert (indicator.kind, indicator.algorithm, indicator.value) == (IndicatorKind.HASH, algorithm, "b" * length)


def test_an_npm_integrity_is_a_hash():
    empty = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="

    indicator = read_one(f"sha512-{empty}")

    assert (indicator.algorithm, (indicator.value or "")[:8]) == ("sha512", "cf83e135")


@pytest.mark.parametrize(
    ("text", "name", "tag"),
    [
        ("registry.example/app:1.2", "registry.example/app", "1.2"),
        ("ghcr.io/acme/app", "ghcr.io/acme/app", None),
        ("localhost:5000/app", "localhost:5000/app", None),
        ("a/b/c:1.2", "docker.io/a/b/c", "1.2"),
        ("nginx:latest", "docker.io/library/nginx", "latest"),
        ("uses: docker://alpine:edge", "docker.io/library/alpine", "edge"),
    ],
)
def test_an_image_reference_is_an_image(text: str, name: str, tag: str | None):
    indicator = read_one(text)

    assert (indicator.kind, indicator.image_name, indicator.image_tag) == (IndicatorKind.IMAGE, name, tag)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CVE-2021-44228", "CVE-2021-44228"),
        ("ghsa-jfh8-c2jp-5v3q", "ghsa-jfh8-c2jp-5v3q"),
        ("mal-2025-46969", "MAL-2025-46969"),
        ("https://example.org/advisories/GHSA-jfh8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q"),
    ],
)
def test_an_id_or_an_address_that_ends_in_one_is_an_advisory(text: str, name: str):
    indicator = read_one(text)

    assert (indicator.kind.value, indicator.details, indicator.problem) == ("advisory", (("id", name),), None)


@pytest.mark.parametrize(
    "text",
    ["some prose about packages", "pkg:npm/a%00b", "pkg:npm/..%2fx", "pkg:npm/%ff", "pkg:npm", "f\u200boo@1.0", "%%%",
     "pkg:npm/x@<", "foo <1 >2 && rm", "sha1:abc", "a" * 600, "https://example.org/", "x" * 20_001, "foo@<\x00"],
    ids=range(14),
)  # fmt: skip
def test_what_nobody_can_read_is_told_with_its_line(text: str):
    indicator = parse_text(f"# a list\n\n{text}")[0]

    assert (indicator.kind, indicator.line) == (IndicatorKind.UNREADABLE, 3)
    assert indicator.problem
    assert text.replace("\x00", "\ufffd").startswith(indicator.given)


def test_comments_and_blank_lines_are_counted_and_nothing_else():
    reading = read_text("# c\n\n// c\n   \na@1\n----\n")

    assert [indicator.line for indicator in reading.indicators] == [5]
    assert reading.ignored_line_count == 5


@pytest.mark.parametrize("text", ["a@1\n" * (MAX_INDICATORS + 1), "a" * (2 * 1024 * 1024 + 1)])
def test_a_text_that_asks_for_too_much_is_refused(text: str):
    with pytest.raises(DomainError) as refused:
        read_text(text)

    assert refused.value.code == "question_too_large"


@pytest.mark.skipif(not REAL_LIST.exists(), reason="the corpus is not here")
def test_a_real_campaigns_list_is_read_whole_and_fast():
    text = REAL_LIST.read_text()
    entries = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    read_text(text)

    reading = read_text(text)

    assert len(reading.indicators) == len(entries) == 5782
    assert {(one.kind, one.problem, len(one.versions)) for one in reading.indicators} == {
        (IndicatorKind.PACKAGE, None, 1)
    }
    assert calls_of(lambda: read_text(text)) <= CALLS_A_LINE * len(entries)


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:npm/lodash@4.17.20",
        "pkg:npm/%40ctrl/tinycolor@4.1.1",
        "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12",
        "pkg:golang/github.com/a/b",
        "pkg:v1/a",
        "pkg:pypi/Foo_Bar@1.0RC1",
    ],
)
def test_a_line_that_is_a_purl_means_what_it_means_within_quotes(purl: str):
    (alone,), (quoted,) = parse_text(purl), parse_text(f'"{purl}"')

    assert (alone.kind, alone.package, alone.purl, alone.versions, alone.qualifiers) == (
        quoted.kind, quoted.package, quoted.purl, quoted.versions, quoted.qualifiers
    )  # fmt: skip
