"""Advisories and lists asked for become what they name, so that a question by id is answered like one by package.

What an advisory says is taken as the asker's teams have it now. One nobody has sent, one that was withdrawn, and what
names no package that can be looked for stay what they are, with a problem: nobody looked for them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from incidents.impact.answer import Feed
from incidents.impact.products import products
from inventory.graph.advisories import find_asked
from inventory.graph.feeds import count_retracted
from inventory.identity.ecosystems import namespaces_of
from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from inventory.identity.listed import LIST_SOURCE
from inventory.identity.purls import PackageKey, package_purl
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from incidents.impact.question import Question
    from inventory.graph.advisories import AdvisoryRow, Affected
    from inventory.identity.versions import VersionRange
    from supplychain.access.actors import Actor

MAX_INDICATORS = 60_000
_STANDARD_LIBRARIES = (PackageKey("golang", "", "stdlib"), PackageKey("golang", "", "std"))
"""Go's standard library, as its database and most scanners call it, and as cyclonedx-gomod does."""
_SAME_PACKAGES = {"githubactions": "github", "github": "githubactions"}
"""An action is listed under either type."""


def with_advisories(question: Question, *, actor: Actor) -> Question:
    """Return the question with each advisory and list replaced by what it names, and with the feeds that say so.

    Four statements where one is asked, five where one is a list, twice that where a list names advisories. Raises
    DomainError `question_too_large` where they name too much for one question.
    """
    asked = _Asked(actor)
    found = asked.replaced(question.indicators)
    if asked.has_lists:
        found = asked.replaced(found)
    if not asked.records:
        return replace(question, indicators=found)
    return replace(question, indicators=found, feeds=asked.feeds())


class _Asked:
    """The advisories and lists that one question asks for, as they are looked up."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self.records: dict[int, AdvisoryRow] = {}

    @property
    def has_lists(self) -> bool:
        return any(record.source == LIST_SOURCE for record in self.records.values())

    def replaced(self, indicators: Sequence[Indicator]) -> tuple[Indicator, ...]:
        """Return the indicators with those that name advisories replaced; what came to nothing is not tried again."""
        names = {name for one in indicators if _is_open(one) for name in _names_of(one)}
        if not names:
            return tuple(indicators)
        known = find_asked(names, actor=self._actor)
        found: list[Indicator] = []
        for indicator in indicators:
            if _is_open(indicator):
                records = tuple(record for name in _names_of(indicator) for record in known[name])
                self.records |= {record.version_id: record for record in records}
                found.extend(_named(indicator, records))
            else:
                found.append(indicator)
        if len(found) > MAX_INDICATORS:
            raise DomainError("question_too_large", f"The advisories and lists name {len(found)} things; ask in parts.")
        return tuple(found)

    def feeds(self) -> tuple[Feed, ...]:
        """Return which versions of which feeds were asked, and how much of each was taken back."""
        records = sorted(self.records.values(), key=lambda record: (record.identifier, record.version_id))
        retracted = count_retracted(
            [record.advisory_id for record in records],
            standing=[record.version_id for record in records if record.withdrawn_at is None],
            actor=self._actor,
        )
        return tuple(
            Feed(record.identifier, _version_of(record), retracted.get(record.advisory_id, 0)) for record in records
        )


def _version_of(record: AdvisoryRow) -> str:
    """Return what tells this version from others: its sender's word, when its source changed it, when it came."""
    at = record.modified_at or record.seen_at
    return record.feed_version or at.isoformat().replace("+00:00", "Z")


def _is_open(indicator: Indicator) -> bool:
    return indicator.kind is IndicatorKind.ADVISORY and indicator.problem is None


def _names_of(indicator: Indicator) -> tuple[str, ...]:
    """Return what an advisory or list may be kept under: a list is found by its name alone, too."""
    name = dict(indicator.details).get("id", indicator.given).upper()
    prefix = f"{LIST_SOURCE}:".upper()
    return (name,) if name.startswith(prefix) else (name, prefix + name)


def _named(indicator: Indicator, records: Sequence[AdvisoryRow]) -> Iterator[Indicator]:
    standing = [record for record in records if record.withdrawn_at is None]
    if not standing:
        withdrawn = "it was withdrawn by its source: nothing was asked by it"
        unknown = "no document that you may see has this advisory: nobody looked for it"
        yield msgspec.structs.replace(indicator, problem=withdrawn if records else unknown)
        return
    for record in standing:
        yield from _listed(indicator, record)
    advisories = [record for record in standing if record.source != LIST_SOURCE]
    if advisories:
        yield from _affected(indicator, advisories)


def _listed(indicator: Indicator, record: AdvisoryRow) -> Iterator[Indicator]:
    """Yield what a list names, each with the list and its line there; the line is that of the question."""
    for one in record.listed:
        where = (("advisory", record.identifier), ("advisory_line", str(one.line)))
        yield msgspec.structs.replace(one, line=indicator.line, details=(*one.details, *where))


def _affected(indicator: Indicator, records: Sequence[AdvisoryRow]) -> Iterator[Indicator]:
    packages: dict[tuple[PackageKey, str, str], list[Affected]] = defaultdict(list)
    sources: dict[tuple[PackageKey, str, str], list[str]] = defaultdict(list)
    unread = guessed = found = 0
    for record in records:
        unread += record.affected_count - len(record.affected)
        for entry in record.affected:
            if entry.type:
                place = (PackageKey(entry.type, entry.namespace_key, entry.name_key), entry.release, entry.doubt)
                packages[place].append(entry)
                sources[place].append(record.identifier)
                continue
            others = products(indicator, entry, identifier=record.identifier)
            guessed += entry.doubt != "" and bool(others)
            unread += not others
            found += len(others)
            yield from others
    for (key, release, doubt), entries in packages.items():
        ids = sources[key, release, doubt]
        yield from _packages(indicator, key, release=release, doubt=doubt, entries=entries, ids=ids)
    if unread or not (packages or found):
        count = f"{unread} of its entries name" if unread else "it names"
        yield msgspec.structs.replace(
            indicator, problem=f"{count} no package that can be looked for: nobody looked for them"
        )
    if guessed:
        told = f"{guessed} of its products were looked for by CPE or name alone: no match does not say they are absent"
        yield msgspec.structs.replace(indicator, problem=told)


def _packages(
    indicator: Indicator,
    key: PackageKey,
    *,
    release: str,
    doubt: str,
    entries: Sequence[Affected],
    ids: Sequence[str],
) -> Iterator[Indicator]:
    """Make one indicator for each way in which the package is listed; its entries are OR-ed."""
    meant = [entry.versions() for entry in entries]
    inside: VersionRange | None = None
    for one in meant:
        if one.range is not None:
            inside = one.range if inside is None else inside.merge(one.range)
    imports = {path for entry in entries for path in entry.imports}
    details = {"advisory": ", ".join(dict.fromkeys(ids)), "release": release, "doubt": doubt}
    for purl_type, namespace, name in (*_spellings(key), *_imported(imports, of=key)):
        yield Indicator(
            IndicatorKind.PACKAGE,
            indicator.given,
            indicator.line,
            package=PackageName(purl_type, namespace, name),
            purl=package_purl(purl_type, namespace=namespace, name=name),
            versions=tuple(sorted({version for one in meant for version in one.listed})),
            range=inside,
            release=release,
            clears=not any(one.problems for one in meant),
            doubt=doubt,
            is_alone=bool(imports),
            details=tuple((name, value) for name, value in details.items() if value),
        )


def _spellings(key: PackageKey) -> Iterator[tuple[str, str, str]]:
    """Yield type, namespace and name of a package in each way in which generators list it."""
    for namespace in namespaces_of(key):
        yield key.type, namespace, key.name
    if key.type in _SAME_PACKAGES:
        yield _SAME_PACKAGES[key.type], key.namespace, key.name
    if key in _STANDARD_LIBRARIES:
        yield from ((other.type, other.namespace, other.name) for other in _STANDARD_LIBRARIES if other != key)


def _imported(paths: Iterable[str], *, of: PackageKey) -> Iterator[tuple[str, str, str]]:
    """Yield Go's packages that an advisory names beside their module: some documents list packages, not modules."""
    for path in sorted({path.lower() for path in paths} - {f"{of.namespace}/{of.name}"}):
        namespace, _, name = path.rpartition("/")
        if name:
            yield "golang", namespace, name
