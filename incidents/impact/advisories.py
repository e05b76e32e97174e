"""Advisories asked for become the packages that they name, so that a question by id is answered like one by package.

What an advisory says is taken as the asker's teams have it now. One nobody has sent, one that was withdrawn, and what
names no package that can be looked for stay what they are, with a problem: nobody looked for them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from inventory.graph.advisories import find_asked
from inventory.identity.ecosystems import namespaces_of
from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from inventory.identity.purls import PackageKey, package_purl
from supplychain.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from incidents.impact.question import Question
    from inventory.graph.advisories import AdvisoryRow, Affected
    from inventory.identity.versions import VersionRange
    from supplychain.access.actors import Actor

MAX_INDICATORS = 60_000
_SAME_PACKAGES = {"githubactions": "github", "github": "githubactions"}
"""An action is listed under either type."""


def with_advisories(question: Question, *, actor: Actor) -> Question:
    """Return the question with each advisory replaced by what it names. Three statements where one is asked.

    Raises DomainError `question_too_large` where the advisories name too much for one question.
    """
    asked = [_id_of(indicator) for indicator in question.indicators if indicator.kind is IndicatorKind.ADVISORY]
    if not asked:
        return question
    known = find_asked(asked, actor=actor)
    found: list[Indicator] = []
    for indicator in question.indicators:
        if indicator.kind is IndicatorKind.ADVISORY:
            found.extend(_named(indicator, known[_id_of(indicator)]))
        else:
            found.append(indicator)
    if len(found) > MAX_INDICATORS:
        raise DomainError("question_too_large", f"The advisories name {len(found)} packages; ask in parts.")
    return replace(question, indicators=tuple(found))


def _id_of(indicator: Indicator) -> str:
    return dict(indicator.details).get("id", indicator.given).upper()


def _named(indicator: Indicator, records: Sequence[AdvisoryRow]) -> Iterator[Indicator]:
    standing = [record for record in records if record.withdrawn_at is None]
    if not standing:
        withdrawn = "it was withdrawn by its source: nothing was asked by it"
        unknown = "no document that you may see has this advisory: nobody looked for it"
        yield msgspec.structs.replace(indicator, problem=withdrawn if records else unknown)
        return
    packages: dict[tuple[PackageKey, str], list[Affected]] = defaultdict(list)
    sources: dict[tuple[PackageKey, str], list[str]] = defaultdict(list)
    unread = 0
    for record in standing:
        unread += record.affected_count - len(record.affected)
        for entry in record.affected:
            if not entry.type:
                unread += 1
                continue
            place = (PackageKey(entry.type, entry.namespace_key, entry.name_key), entry.release)
            packages[place].append(entry)
            sources[place].append(record.identifier)
    for (key, release), entries in packages.items():
        yield from _packages(indicator, key, release=release, entries=entries, ids=sources[key, release])
    if unread or not packages:
        count = f"{unread} of its entries name" if unread else "it names"
        yield msgspec.structs.replace(
            indicator, problem=f"{count} no package that can be looked for: nobody looked for them"
        )


def _packages(
    indicator: Indicator, key: PackageKey, *, release: str, entries: Sequence[Affected], ids: Sequence[str]
) -> Iterator[Indicator]:
    """Make one indicator for each way in which the package is listed; its entries are OR-ed."""
    meant = [entry.versions() for entry in entries]
    inside: VersionRange | None = None
    for one in meant:
        if one.range is not None:
            inside = one.range if inside is None else inside.merge(one.range)
    details = {"advisory": ", ".join(dict.fromkeys(ids)), "release": release}
    spelled = [(key.type, namespace) for namespace in namespaces_of(key)]
    if key.type in _SAME_PACKAGES:
        spelled.append((_SAME_PACKAGES[key.type], key.namespace))
    for purl_type, namespace in spelled:
        yield Indicator(
            IndicatorKind.PACKAGE,
            indicator.given,
            indicator.line,
            package=PackageName(purl_type, namespace, key.name),
            purl=package_purl(purl_type, namespace=namespace, name=key.name),
            versions=tuple(sorted({version for one in meant for version in one.listed})),
            range=inside,
            release=release,
            clears=not any(one.problems for one in meant),
            details=tuple((name, value) for name, value in details.items() if value),
        )
