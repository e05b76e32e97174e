"""What the reader of plain YAML takes, the general parser reads alike: values, lines, and what is refused."""

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.formats.spdx2_yaml import PlainSpdxYaml, SpdxYaml, open_yaml
from inventory.formats.text import require_utf8
from tests.inventory.formats.documents import package, relation, spdx
from tests.inventory.formats.spdx_writers import yaml_text

SCALARS = st.one_of(
    st.sampled_from(
        ["1.10", "true", "null", "~", "", "no", "0x1f", "1e3", "a: b", "a #b", "- a", "a:b", "http://x/#y", "it's",
         'say "so"', "two  spaces", " led", "trailed ", "é", "a\nb", "<<", "=", "@x", "*x", "&x", "!x", "%x", "`x`",
         "{a", "[a", "]", "a]", "#a", "a#", ":a", "a:", "?", "-", "--- a", "...", "pkg:npm/%40a/b@1?x=y#z", "|", ">",
         "x" * 90, "word " * 30, "\t", "a\tb", "\x7f", "'", "\\", "\\n", None, True, 1, 1.5]
    ),
    st.text(alphabet="ab:- #'\"\n\\&*{[,]}%é", max_size=8),
)  # fmt: skip
NAMES = st.sampled_from(["name", "SPDXID", "versionInfo", "externalRefs", "checksums", "y", "true", "null"])
INNER = st.dictionaries(NAMES, SCALARS, max_size=3)
VALUES = SCALARS | INNER | st.lists(SCALARS, max_size=3) | st.lists(INNER, max_size=3) | st.lists(st.lists(SCALARS))
ITEMS = st.lists(st.dictionaries(NAMES, VALUES, max_size=4), max_size=3).flatmap(
    lambda items: st.sampled_from([items, items * 2, items * 3])
)
"""Some are written again, so that what was learned of the first is used."""
STYLES = st.fixed_dictionaries(
    {"default_flow_style": st.sampled_from([False, None]), "default_style": st.sampled_from([None, None, '"', "'"]),
     "indent": st.sampled_from([2, 4]), "width": st.sampled_from([20, 80, 10_000])}
)  # fmt: skip
JUNK = st.sampled_from(
    ["\n", " ", "  ", "- ", "-", ":", ": ", "#", " #", '"', "'", "&a ", "*a", "{", "[", "|\n", "\r\n", "\t", "---\n",
     "...\n", "x: y\n", "\n- ", "\n  ", "a", "é", "\\"]
)  # fmt: skip


def everything(elements):
    """All that a document gives: elements with their lines, then its head; or how it was refused."""
    found, counts = [], dict[str, int]()
    try:
        for one in elements:
            index = counts[one.section] = counts.get(one.section, -1) + 1
            places = [elements.locate(pointer) for pointer in pointers(one.value, f"/{one.section}/{index}")[1:]]
            found.append((one.section, repr(one.value), places))
    except FormatError as error:
        return error.code
    return [*found, (repr(elements.head), lines(elements.head))]


def pointers(value, pointer):
    """The pointers of a value and of all in it."""
    held = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [pointer, *(inner for step, one in held for inner in pointers(one, f"{pointer}/{step}"))]


def lines(value):
    """The lines of a value and of all in it."""
    if isinstance(value, dict):
        held = [lines(member) for member in value.values()]
        return [getattr(value, "line", None), getattr(value, "lines", None), held]
    return [value.lines, [lines(item) for item in value]] if hasattr(value, "lines") else None


def both(data, *, keep=False):
    text = require_utf8(data)
    fast = open_yaml(text, limits=DEFAULT_LIMITS, keep=keep)
    return everything(fast), everything(SpdxYaml(text, limits=DEFAULT_LIMITS, keep=keep)), type(fast)


@given(ITEMS, STYLES, st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_a_library_writes_is_read_alike(items, style, keep) -> None:
    document = {"spdxVersion": "SPDX-2.3", "packages": items, "name": "x"}
    data = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, **style).encode()

    fast, general, _ = both(data, keep=keep)

    assert fast == general


BASE = """\
spdxVersion: SPDX-2.3
packages:
- SPDXID: SPDXRef-a
  name: a
  externalRefs:
  - referenceType: purl
    referenceLocator: pkg:npm/a@1
  files: [x, y]
  creators:
    - one
    - two
- name: "b"
  nested:
    deeper: 'c'
files:
  - fileName: ./x
name: y
"""


LIKE_ONE_ANOTHER = "packages:\n" + "".join(
    f"- SPDXID: SPDXRef-{name}\n  name: '{name}'\n  checksums:\n  - algorithm: SHA1\n    checksumValue: {name}\n"
    f'  attributionTexts:\n  - "{name}"\n  - {name}\n'
    for name in "hgfedijklmnabc"
)


@given(
    st.lists(st.tuples(st.integers(0, len(LIKE_ONE_ANOTHER)), st.integers(0, 2), JUNK | SCALARS.map(str)), max_size=3)
)
@example([(LIKE_ONE_ANOTHER.rindex(": c") + 2, 1, "null")])
@example([(LIKE_ONE_ANOTHER.rindex("'c'"), 3, "''")])
@example([(LIKE_ONE_ANOTHER.rindex("'c'"), 3, "\"c'")])
@example([(LIKE_ONE_ANOTHER.rindex("'c'"), 3, "'c\"")])
@example([(LIKE_ONE_ANOTHER.rindex("- c"), 3, "- c: d")])
@example([(LIKE_ONE_ANOTHER.rindex(": c") + 3, 0, "\n      and more")])
@example([(LIKE_ONE_ANOTHER.rindex(": c") + 2, 1, "|\n      - c")])
@settings(max_examples=1_000, deadline=None)
def test_an_item_like_one_before_is_read_like_any_other(changes) -> None:
    data = LIKE_ONE_ANOTHER
    for place, removed, junk in changes:
        data = data[:place] + junk + data[place + removed :]

    fast, general, _ = both(data.encode())

    assert fast == general or isinstance(fast, str)


@given(st.lists(st.tuples(st.integers(0, len(BASE)), st.integers(0, 2), JUNK), min_size=1, max_size=3))
@example([(0, 0, "--- ")])
@example([(15, 2, "---\n"), (22, 2, " ")])
@example([(246, 0, "\r\n"), (248, 0, " ")])
@example([(len(BASE) - 9, 0, '"')])
@example([(BASE.index("- name"), 0, "  z: q\n  - late\n")])
@settings(max_examples=1_500, deadline=None)
def test_a_document_that_was_tampered_with_is_read_alike_or_refused(changes) -> None:
    data = BASE
    for place, removed, junk in changes:
        data = data[:place] + junk + data[place + removed :]

    fast, general, _ = both(data.encode())

    assert fast == general or isinstance(fast, str)


def test_the_plain_form_needs_no_general_parser(monkeypatch) -> None:
    document = spdx(
        package("a", checksums=[{"algorithm": "SHA256", "checksumValue": "0" * 64}], attributionTexts=["one", "two"]),
        package("b", filesAnalyzed=False, packageVerificationCode={"packageVerificationCodeValue": "0"}),
        relationships=[relation("DOCUMENT", "DESCRIBES", "a")],
    )
    sections = []
    general_parser = PlainSpdxYaml._general

    def counted(self, start, end, *, line):
        sections.append(self._data[start:end].partition(b":")[0])
        return general_parser(self, start, end, line=line)

    monkeypatch.setattr(PlainSpdxYaml, "_general", counted)

    fast, general, kind = both(yaml_text(document))

    assert fast == general
    assert kind is PlainSpdxYaml
    assert not any(section.startswith(b"- ") for section in sections)
