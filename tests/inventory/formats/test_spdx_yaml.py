"""What is read of SPDX in YAML, and what of YAML is not."""

import pytest

from inventory.formats.detect import detect
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import FormatError
from inventory.formats.schema import check
from inventory.formats.yaml_events import typed_scalar
from tests.inventory.formats.fixtures import read_sbom

HEAD = """\
spdxVersion: SPDX-2.3
dataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
name: made for a test
documentNamespace: https://example.test/spdx/1
creationInfo:
  created: 2026-01-02T03:04:05Z
  creators:
  - 'Tool: syft-1.18.1'
packages:
"""
PACKAGE = "- SPDXID: SPDXRef-a\n  name: a\n  downloadLocation: NOASSERTION\n"


def refused(text, **limits):
    with pytest.raises(FormatError) as caught:
        read_document(text.encode(), limits=Limits(**limits))
    return caught.value.code, caught.value.pointer


def warned(text):
    return [(warning.code, warning.pointer) for warning in read_sbom(text.encode()).warnings]


def test_what_the_document_says_of_itself_is_read() -> None:
    record = read_sbom((HEAD + PACKAGE).encode())

    assert (record.format_version, record.media_type, record.producer) == ("2.3", "application/yaml", "syft")
    assert [(one.name, one.pointer) for one in record.components] == [("a", "line 11")]
    assert str(record.created_at) == "2026-01-02 03:04:05+00:00"


@pytest.mark.parametrize("version", ["1.10", "0x10", "1_000", "2026-01-02", "yes", "off", "12e3", "010"])
def test_a_version_without_quotes_stays_as_it_was_written(version) -> None:
    record = read_sbom((HEAD + PACKAGE + f"  versionInfo: {version}\n").encode())

    assert [one.version for one in record.components] == [version]
    assert record.warnings == []


def test_the_version_may_stand_at_the_end_of_a_long_document() -> None:
    version, _, rest = HEAD.partition("\n")
    packages = "".join(PACKAGE.replace("-a", f"-{number}") for number in range(2_000))

    assert read_sbom(f"{rest}{packages}{version}\n".encode()).component_count == 2_000


def test_an_alias_repeats_what_its_anchor_names() -> None:
    text = HEAD + PACKAGE + "  checksums: &c\n  - {algorithm: SHA256, checksumValue: '" + "0" * 64 + "'}\n"
    text += "- SPDXID: SPDXRef-b\n  name: b\n  checksums: *c\n"

    assert [len(one.hashes) for one in read_sbom(text.encode()).components] == [1, 1]


def test_what_aliases_repeat_is_bounded() -> None:
    levels = [f"x{level}: &a{level}\n" + f"- *a{level - 1}\n" * 9 for level in range(1, 12)]

    with pytest.raises(FormatError) as caught:
        read_document((HEAD + PACKAGE + "x0: &a0 [y, y]\n" + "".join(levels)).encode())

    assert (caught.value.code, caught.value.pointer) == ("bad_yaml", "line 59")
    assert "repeat more than" in caught.value.message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEAD + PACKAGE + "  comment: *gone\n", ("bad_yaml", "line 14")),
        (HEAD + PACKAGE + "  comment: &me [*me]\n", ("bad_yaml", "line 14")),
        (HEAD + PACKAGE + "  comment: !!python/object:os.system x\n", ("bad_yaml", "line 14")),
        (HEAD + PACKAGE + "  comment: !own x\n", ("bad_yaml", "line 14")),
        (HEAD + PACKAGE + "  <<: {name: b}\n", ("bad_yaml", "line 14")),
        (HEAD + PACKAGE + "  ? [a]\n  : b\n", ("bad_yaml", "line 14")),
        (HEAD + PACKAGE + '  comment: "never\n', ("bad_yaml", "line 15")),
        (HEAD + PACKAGE + "  name: twice\n", ("duplicate_key", "line 14")),
        (HEAD + PACKAGE + "name: twice\n", ("duplicate_key", "line 14")),
        (HEAD + PACKAGE + "---\n" + HEAD, ("trailing_data", "line 14")),
        ("---\n" + HEAD.replace("2.3", "2.1") + PACKAGE, ("unsupported_version", "line 2")),
        (HEAD + PACKAGE + "  comment: " + "[" * 70 + "]" * 70 + "\n", ("too_deep", "line 14")),
        (HEAD + PACKAGE + "  comment: " + "[" * 100_000 + "\n", ("too_deep", "line 14")),
        ("%YAML 1.1\n" * 9 + "---\n" + HEAD, ("bad_yaml", "")),
        (HEAD + PACKAGE + "relationships: {}\nfiles: 5\n...\n---\na: b\n", ("trailing_data", "line 17")),
    ],
)
def test_what_yaml_can_say_and_json_cannot_is_refused_with_its_line(text, found) -> None:
    assert refused(text) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("- SPDXID: SPDXRef-x\n", ("bad_name", "line 14")),
        ("- just a text\n", ("wrong_shape", "line 14")),
        ("  versionInfo: [1]\n", ("wrong_type", "line 14")),
        ('  comment: "\\0"\n', ("nul_in_string", "line 14")),
        ("  checksums:\n  - algorithm: SHA256\n    checksumValue: 0f\n", ("bad_hash", "line 15")),
        ("  externalRefs:\n  - referenceType: purl\n    referenceLocator: x\n", ("bad_purl", "line 16")),
        ("relationships:\n- spdxElementId: SPDXRef-a\n", ("wrong_shape", "line 15")),
        ("colour: red\n", ("unknown_field", "line 14")),
        ("  comment: " + "y" * 1_100_000 + "\n", ("string_too_long", "line 14")),
    ],
)  # fmt: skip
def test_each_defect_is_told_with_its_line(lines, found) -> None:
    assert warned(HEAD + PACKAGE + lines) == [found]


def test_too_many_packages_are_refused_while_reading() -> None:
    assert refused(HEAD + PACKAGE * 9, components=8) == ("too_many_components", "")


def test_the_shape_is_held_to_the_mandatory_fields_with_lines() -> None:
    data = (HEAD + "- SPDXID: a\n  name: 7\n").encode()

    verdict = check(data, detect(data))

    assert verdict is not None
    assert sorted((one.pointer, one.message) for one in verdict.errors) == [
        ("line 11", '"a" does not match "^SPDXRef-"'),
        ("line 11", '"downloadLocation" is a required property'),
        ("line 12", '7.0 is not of type "string"'),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", "1e3"),
        ("-0e0", "-0e0"),
        ("-.0", "-.0"),
        ("09", "09"),
        ("1.5e3", "1.5e3"),
        ("1.5e+3", 1500.0),
        ("-0", 0.0),
        (".5", 0.5),
        ("1.", 1.0),
    ],
)
def test_a_number_is_what_both_versions_of_yaml_take_for_one(text, value) -> None:
    assert typed_scalar(text) == value
