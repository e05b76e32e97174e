"""The mandatory tests of CSAF that need no list of weaknesses. Source: CSAF 2.0, section 6.1.

What they find puts a document's care in doubt, and is told. Names of CWE (6.1.11) are not checked. Scores and languages
are judged in csaf_scores.py; products that are defined twice or nowhere are told where products are read.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from inventory.formats.csaf_scores import Flaw, flawed_languages, flawed_scores
from inventory.formats.json_fields import Object, list_of, object_of, text_of, texts_of
from inventory.formats.pointers import join
from inventory.formats.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_CONTRADICTING: Final = {
    "known_affected": "affected", "first_affected": "affected", "last_affected": "affected",
    "known_not_affected": "not affected", "fixed": "fixed", "first_fixed": "fixed",
    "under_investigation": "under investigation",
}  # fmt: skip
_PROFILES: Final = frozenset({"csaf_base", "csaf_security_incident_response", "csaf_informational_advisory",
                              "csaf_security_advisory", "csaf_vex"})  # fmt: skip
_NEWER_PROFILES: Final = frozenset({"csaf_withdrawn", "csaf_superseded", "csaf_deprecated_security_advisory"})
_LOOKALIKES: Final = frozenset({"informationaladvisory", "securityincidentresponse", "securityadvisory", "vex"})
_WITHOUT_VULNERABILITIES: Final = frozenset({"csaf_informational_advisory", "csaf_security_incident_response"})
_VERSION: Final = re.compile(r"(?P<core>\d+(?:\.\d+\.\d+)?)(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+\S*)?")
_SEMANTIC: Final = re.compile(r"\d+\.\d+\.\d+.*")


def broken_rules(document: Object) -> Iterator[Flaw]:
    """Yield the mandatory tests that a document fails."""
    head = object_of(document, "document")
    yield from _tracking(object_of(head, "tracking"))
    yield from _profile(document, head)
    yield from _language(head)
    yield from flawed_languages(head)
    names: Counter[str] = Counter()
    for pointer, vulnerability in _objects(document, "vulnerabilities", ""):
        names[text_of(vulnerability, "cve")] += 1
        if text_of(vulnerability, "cve") and names[text_of(vulnerability, "cve")] > 1:
            yield Flaw(join(pointer, "cve"), "6.1.23: a CVE is named by an earlier vulnerability too.")
        yield from _vulnerability(vulnerability, pointer)
        yield from flawed_scores(vulnerability, pointer)


def _tracking(tracking: Object) -> Iterator[Flaw]:
    at = "/document/tracking"
    version, status = text_of(tracking, "version"), text_of(tracking, "status")
    revisions = [item for item in list_of(tracking, "revision_history") if isinstance(item, dict)]
    numbers = [text_of(item, "number") for item in revisions]
    if _is_draft(version) and status != "draft":
        yield Flaw(join(at, "status"), "6.1.17: a version 0 or a pre-release has the status draft.")
    if status == "final" and "-" in version:
        yield Flaw(join(at, "version"), "6.1.20: a final document is no pre-release.")
    if status in {"final", "interim"} and any(number.partition(".")[0] == "0" for number in numbers):
        yield Flaw(join(at, "revision_history"), "6.1.18: a released document has no revision 0.")
    if any("-" in number for number in numbers):
        yield Flaw(join(at, "revision_history"), "6.1.19: a pre-release is no revision.")
    if len(set(numbers)) < len(numbers):
        yield Flaw(join(at, "revision_history"), "6.1.22: a revision's number is given twice.")
    if len({bool(_SEMANTIC.fullmatch(number)) for number in [version, *numbers] if number}) > 1:
        yield Flaw(at, "6.1.30: integers and semantic versions are mixed.")
    yield from _order(revisions, version=version, status=status)


def _order(revisions: Sequence[Object], *, version: str, status: str) -> Iterator[Flaw]:
    at = "/document/tracking/revision_history"
    dated = sorted(revisions, key=lambda item: (_instant(item), _number(text_of(item, "number"))))
    numbers = [_number(text_of(item, "number")) for item in dated]
    if numbers != sorted(numbers):
        yield Flaw(at, "6.1.14: sorted by date, the numbers of the revisions do not ascend.")
    majors = sorted({number[0] for number in numbers})
    if majors and (majors[0] > 1 or majors != list(range(majors[0], majors[0] + len(majors)))):
        yield Flaw(at, "6.1.21: a revision is missing.")
    if dated and not _is_same(version, text_of(dated[-1], "number"), is_draft=status == "draft"):
        yield Flaw("/document/tracking/version", "6.1.16: the version is not that of the latest revision.")


def _profile(document: Object, head: Object) -> Iterator[Flaw]:
    category = text_of(head, "category")
    folded = re.sub(r"[^a-z]", "", category.lower()).removeprefix("csaf")
    is_known = category in _PROFILES or category in _NEWER_PROFILES
    if not is_known and (folded in _LOOKALIKES or category.lower().startswith("csaf_")):
        yield Flaw("/document/category", "6.1.26: the category looks like the name of a profile and is none.")
    has_vulnerabilities = "vulnerabilities" in document
    if category in _WITHOUT_VULNERABILITIES:
        yield from _notice(head)
        if category == "csaf_informational_advisory" and has_vulnerabilities:
            yield Flaw("/vulnerabilities", "6.1.27.3: this profile has no vulnerabilities.")
    if category in {"csaf_security_advisory", "csaf_vex"}:
        if not has_vulnerabilities:
            yield Flaw("", "6.1.27.11: this profile has vulnerabilities.")
        if "product_tree" not in document:
            yield Flaw("", "6.1.27.4: this profile has a product tree.")
    if category == "csaf_vex":
        tree = object_of(document, "product_tree")
        groups = {
            text_of(one, "group_id"): texts_of(one, "product_ids") for _, one in _objects(tree, "product_groups", "")
        }
        for pointer, vulnerability in _objects(document, "vulnerabilities", ""):
            yield from _vex(vulnerability, pointer, groups)


def _notice(head: Object) -> Iterator[Flaw]:
    notes = {text_of(item, "category") for item in list_of(head, "notes") if isinstance(item, dict)}
    if not notes & {"description", "details", "general", "summary"}:
        yield Flaw("/document/notes", "6.1.27.1: this profile has a note that describes it.")
    references = [item for item in list_of(head, "references") if isinstance(item, dict)]
    if not any(text_of(item, "category") == "external" for item in references):
        yield Flaw("/document/references", "6.1.27.2: this profile has an external reference.")


def _vex(vulnerability: Object, pointer: str, groups: Mapping[str, tuple[str, ...]]) -> Iterator[Flaw]:
    if not text_of(vulnerability, "cve") and not list_of(vulnerability, "ids"):
        yield Flaw(pointer, "6.1.27.8: a vulnerability of a VEX has cve or ids.")
    status = object_of(vulnerability, "product_status")
    impacts = [item for item in _items(vulnerability, "threats") if text_of(item, "category") == "impact"]
    explained = _named([*_items(vulnerability, "flags"), *impacts], groups)
    unexplained = set(texts_of(status, "known_not_affected")) - explained
    if unexplained:
        yield Flaw(pointer, f"6.1.27.9: nothing tells why {min(unexplained)[:60]!r} is not affected.")
    unhelped = set(texts_of(status, "known_affected")) - _named(_items(vulnerability, "remediations"), groups)
    if unhelped:
        yield Flaw(pointer, f"6.1.27.10: nothing tells what to do about {min(unhelped)[:60]!r}.")


def _language(head: Object) -> Iterator[Flaw]:
    language, source = text_of(head, "lang"), text_of(head, "source_lang")
    if text_of(object_of(head, "publisher"), "category") == "translator" and not source:
        yield Flaw("/document", "6.1.15: a translator names the language translated from.")
    if language and language == source:
        yield Flaw("/document/lang", "6.1.28: it is translated into the language it is translated from.")


def _vulnerability(vulnerability: Object, pointer: str) -> Iterator[Flaw]:
    status = object_of(vulnerability, "product_status")
    said: dict[str, str] = {}
    for word, meaning in _CONTRADICTING.items():
        for product in texts_of(status, word):
            if said.setdefault(product, meaning) != meaning:
                yield Flaw(
                    join(pointer, "product_status", word), f"6.1.6: {product[:60]!r} is {meaning} and {said[product]}."
                )
    for name, rule in (("remediations", "6.1.29"), ("flags", "6.1.32")):
        for place, item in _objects(vulnerability, name, pointer):
            if not texts_of(item, "product_ids") and not texts_of(item, "group_ids"):
                yield Flaw(place, f"{rule}: it names no product.")
    yield from _repeats(vulnerability, pointer)


def _repeats(vulnerability: Object, pointer: str) -> Iterator[Flaw]:
    scored = Counter(
        (product, text_of(object_of(score, name), "version"))
        for score in _items(vulnerability, "scores")
        for name in ("cvss_v2", "cvss_v3")
        if name in score
        for product in texts_of(score, "products")
    )
    if _is_repeated(scored):
        yield Flaw(join(pointer, "scores"), "6.1.7: a product has two scores of one version of CVSS.")
    if _is_repeated(Counter(one for flag in _items(vulnerability, "flags") for one in texts_of(flag, "product_ids"))):
        yield Flaw(join(pointer, "flags"), "6.1.33: a product has two flags.")
    if _is_repeated(Counter((text_of(one, "party"), _instant(one)) for one in _items(vulnerability, "involvements"))):
        yield Flaw(join(pointer, "involvements"), "6.1.24: a party is involved twice at one time.")


def _is_repeated(counted: Counter[Any]) -> bool:
    return any(count > 1 for count in counted.values())


def _objects(owner: Object, name: str, pointer: str) -> Iterator[tuple[str, Object]]:
    for index, item in enumerate(list_of(owner, name)):
        if isinstance(item, dict):
            yield join(pointer, name, index), item


def _items(owner: Object, name: str) -> list[Object]:
    return [item for _, item in _objects(owner, name, "")]


def _named(items: Iterable[Object], groups: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return the products that flags, threats or remediations name, by themselves or by their groups."""
    return {
        product
        for item in items
        for product in (
            *texts_of(item, "product_ids"),
            *(member for group in texts_of(item, "group_ids") for member in groups.get(group, ())),
        )
    }


def _is_draft(version: str) -> bool:
    return version.partition(".")[0] == "0" or "-" in version.partition("+")[0]


def _number(text: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(text)
    return tuple(int(part) for part in match["core"][:100].split(".")) if match else (0,)


def _is_same(version: str, number: str, *, is_draft: bool) -> bool:
    one, other = (text.partition("+")[0] for text in (version, number))
    return one == other or (is_draft and one.partition("-")[0] == other)


def _instant(item: Object) -> tuple[float, str]:
    """Return what a date sorts by: its instant, or its text where it names none."""
    given = text_of(item, "date")
    at = parse_timestamp(given)
    return (at.timestamp(), _fraction(given)) if at is not None else (0.0, given)


def _fraction(text: str) -> str:
    """Return the digits below a microsecond, which an instant does not hold."""
    match = re.search(r"\.\d{6}(\d+)", text)
    return match[1].rstrip("0") if match else ""
