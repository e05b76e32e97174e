"""Intern what all teams share: packages, components, artifacts. Sorted, set-based, in short transactions.

On the `interning` connection, which commits without waiting for the disk: the document that needs the rows commits
later and synchronously, and the log is written in order, so its durability covers theirs. Interning inside the
document's transaction, or unsorted, is how documents deadlock (docs/adr/0001-presence-ranges.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.identity.purls import PackageKey
from inventory.ingest.identify import identify
from supplychain.exchange import Query, Statement, exchange, to_int, to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from inventory.formats.records import ComponentRecord
    from inventory.ingest.identify import ComponentIdentity
    from inventory.ingest.names import Name
    from supplychain.exchange import Row

ALIAS = "interning"
MAX_KNOWN = 500_000
_FEW = 64
"""So many unknown components are added without a look for which are there: to look once more costs more than that."""

_ADD_PACKAGES = Statement("""
INSERT INTO inventory_package (type, namespace_key, name_key, namespace, name)
SELECT i.* FROM unnest(%(types)s::text[], %(namespace_keys)s::text[], %(name_keys)s::text[], %(namespaces)s::text[],
    %(names)s::text[]) AS i(type, namespace_key, name_key, namespace, name)
WHERE NOT EXISTS (SELECT FROM inventory_package p
    WHERE p.type = i.type AND p.namespace_key = i.namespace_key AND p.name_key = i.name_key)
ORDER BY i.type, i.namespace_key, i.name_key
ON CONFLICT (type, namespace_key, name_key) DO NOTHING
""")
_FIND_COMPONENTS = Statement("""
SELECT identity, id, source_package_id IS NOT NULL FROM inventory_component WHERE identity = ANY(%(texts)s::text[])
""")
# What is there is looked for once, not run into: each conflict would use up an id.
_ADD_COMPONENTS = Statement("""
INSERT INTO inventory_component (identity, package_id, version, has_purl, source_package_id)
SELECT i.identity, p.id, i.version, i.has_purl, s.id
FROM unnest(%(texts)s::text[], %(types)s::text[], %(namespaces)s::text[], %(names)s::text[], %(versions)s::text[],
    %(have_purls)s::bool[], %(source_types)s::text[], %(source_namespaces)s::text[], %(source_names)s::text[])
    AS i(identity, type, namespace, name, version, has_purl, source_type, source_namespace, source_name)
JOIN inventory_package p ON p.type = i.type AND p.namespace_key = i.namespace AND p.name_key = i.name
LEFT JOIN inventory_package s ON i.source_name <> ''
    AND s.type = i.source_type AND s.namespace_key = i.source_namespace AND s.name_key = i.source_name
WHERE %(looked)s::bool OR NOT EXISTS (SELECT FROM inventory_component c WHERE c.identity = i.identity)
ORDER BY i.identity
ON CONFLICT (identity) DO NOTHING
""")
_FILL_SOURCES = Statement("""
UPDATE inventory_component c SET source_package_id = i.source
FROM (
    SELECT c.id, s.id AS source
    FROM unnest(%(texts)s::text[], %(types)s::text[], %(namespaces)s::text[], %(names)s::text[])
        AS i(identity, type, namespace, name)
    JOIN inventory_component c ON c.identity = i.identity AND c.source_package_id IS NULL
    JOIN inventory_package s ON s.type = i.type AND s.namespace_key = i.namespace AND s.name_key = i.name
    ORDER BY c.id) i
WHERE c.id = i.id AND c.source_package_id IS NULL
""")
_ADD_ARTIFACTS = Statement("""
INSERT INTO inventory_artifact (digest, label_name, label_version)
SELECT w.digest, '', '' FROM unnest(%(digests)s::text[]) AS w(digest)
WHERE NOT EXISTS (SELECT FROM inventory_artifact a WHERE a.digest = w.digest)
ORDER BY w.digest ON CONFLICT (digest) DO NOTHING
""")
_FIND_ARTIFACTS = Statement("SELECT digest, id FROM inventory_artifact WHERE digest = ANY(%(digests)s::text[])")
_ADD_LABEL = Statement("""
INSERT INTO inventory_artifact (label_name, label_version) VALUES (%(name)s, %(version)s) ON CONFLICT DO NOTHING
""")
_FIND_LABEL = Statement("""
SELECT id FROM inventory_artifact WHERE digest IS NULL AND label_name = %(name)s AND label_version = %(version)s
""")
_NO_SOURCE = PackageKey("", "", "")
"""No package: every one has a name."""


class _Known:
    """Component ids this process has seen, by identity and whether its source package was known then."""

    def __init__(self) -> None:
        self._plain: dict[str, int] = {}
        self._sourced: dict[str, int] = {}
        self._generation: int | None = None

    def follow(self, generation: int) -> None:
        """Forget everything when the table has been rewritten (restored, truncated): its ids are other ids."""
        if generation != self._generation:
            self.forget()
            self._generation = generation

    def forget(self) -> None:
        """Forget everything.

        A database that crashed may have lost rows that no document has made durable, and give their ids to others.
        """
        self._plain.clear()
        self._sourced.clear()

    def ids(self, *, has_source: bool) -> dict[str, int]:
        """Return what is known of components with a source package, or without."""
        return self._sourced if has_source else self._plain

    def add(self, text: str, component_id: int, *, has_source: bool) -> None:
        if len(self._plain) + len(self._sourced) >= MAX_KNOWN:
            self.forget()
        self.ids(has_source=has_source)[text] = component_id


_known = _Known()
follow_generation = _known.follow
forget_all = _known.forget


@dataclass(frozen=True, slots=True)
class Interned:
    """Ids: of each component in the document's order, of artifacts by digest, and of the label where one was asked."""

    component_ids: Sequence[int]
    artifact_ids: Mapping[str, int]
    label_id: int | None


def intern_document(
    components: Sequence[ComponentRecord], *, digests: Collection[str] = (), label: Name | None = None
) -> Interned:
    """Return the ids of everything shared that a document names, adding what is new.

    No exchange at all when this process knows the components and there is nothing else; one when all of it is in the
    database, or only artifacts and a few components are new; a second one for many new components.
    """
    known, unknown = _look_up(components)
    shared = [*_for_artifacts(sorted(digests)), *_for_label(label)]
    components_asked = _for_components(unknown)
    queries = [*shared, *components_asked]
    answers = exchange(queries, using=ALIAS) if queries else []
    if unknown:
        told = next(rows for rows, query in zip(answers, queries, strict=True) if query.statement is _FIND_COMPONENTS)
        adding = Adding(unknown, told, _adding_missing(unknown, told=told) if len(unknown) > _FEW else ())
        found = note_added(adding, answers=exchange(adding.queries, using=ALIAS) if adding.queries else ())
        for place, text in enumerate(known.texts):
            if known.ids[place] is None:
                known.ids[place] = found[text]
    ids = [component_id for component_id in known.ids if component_id is not None]
    return Interned(
        ids,
        _by_text(answers[1]) if digests else {},
        to_int(answers[2 * bool(digests) + 1][0][0]) if label is not None else None,
    )


@dataclass(frozen=True, slots=True)
class Adding:
    """Components this process did not know, what was found of them, and the queries that add the rest."""

    unknown: Mapping[str, ComponentIdentity]
    told: Sequence[Row]
    queries: Sequence[Query]


def look_for(components: Sequence[ComponentRecord]) -> Adding:
    """Look components up that this process does not know, and make the queries that add those that are not there."""
    _, unknown = _look_up(components)
    if not unknown:
        return Adding({}, (), ())
    [told] = exchange([Query(_FIND_COMPONENTS, {"texts": sorted(unknown)})], using=ALIAS)
    adding = Adding(unknown, told, _adding_missing(unknown, told=told))
    if not adding.queries:
        note_added(adding, answers=())
    return adding


def note_added(adding: Adding, *, answers: Sequence[Sequence[Row]]) -> Mapping[str, int]:
    """Remember the components that were looked for, once their queries are answered, and return their ids."""
    found = _by_text(adding.told)
    for query, rows in zip(adding.queries, answers, strict=True):
        if query.statement is _FIND_COMPONENTS:
            found |= _by_text(rows)
    for text, identity in adding.unknown.items():
        _known.add(text, found[text], has_source=identity.source is not None)
    return found


def intern_artifacts(digests: Collection[str]) -> dict[str, int]:
    """Return {digest: artifact id} for canonical digests, adding what is new."""
    wanted = sorted(set(digests))
    return _by_text(exchange(_for_artifacts(wanted), using=ALIAS)[1]) if wanted else {}


@dataclass(frozen=True, slots=True)
class _Components:
    """The identity texts of a document's components, and their ids as far as they are known."""

    texts: list[str]
    ids: list[int | None]


def _look_up(components: Sequence[ComponentRecord]) -> tuple[_Components, dict[str, ComponentIdentity]]:
    """Return what this process knows of components, and the identities of those it does not."""
    plain, sourced = _known.ids(has_source=False).get, _known.ids(has_source=True).get
    texts: list[str] = []
    ids: list[int | None] = []
    unknown: dict[str, ComponentIdentity] = {}
    for record in components:
        purl = record.purl
        if purl is None:
            text, has_source = identify(record).text, False
        else:
            text, has_source = purl.text, bool(purl.upstream or record.source_package)
        component_id = sourced(text) if has_source else plain(text)
        if component_id is None and (has_source or text not in unknown):
            unknown[text] = identify(record)
        texts.append(text)
        ids.append(component_id)
    return _Components(texts, ids), unknown


def _for_artifacts(digests: Sequence[str]) -> list[Query]:
    """Add the missing, then look: what another worker adds in between is found as well."""
    return [Query(sql, {"digests": digests}) for sql in (_ADD_ARTIFACTS, _FIND_ARTIFACTS)] if digests else []


def _for_label(label: Name | None) -> list[Query]:
    if label is None:
        return []
    return [Query(sql, {"name": label.name, "version": label.tag}) for sql in (_ADD_LABEL, _FIND_LABEL)]


def _for_components(unknown: Mapping[str, ComponentIdentity]) -> list[Query]:
    """Look for components; add what is missing of a few in the same exchange."""
    if not unknown:
        return []
    if len(unknown) > _FEW:
        return [Query(_FIND_COMPONENTS, {"texts": sorted(unknown)})]
    identities = [unknown[text] for text in sorted(unknown)]
    sourced = [identity for identity in identities if identity.source is not None]
    return _adding(identities, sourced=sourced, looked=False)


def _adding_missing(unknown: Mapping[str, ComponentIdentity], *, told: Sequence[Row]) -> list[Query]:
    """Make the queries that add those that were not found, and source packages that were not known."""
    there = {to_text(text) for text, _, _ in told}
    have_source = {to_text(text) for text, _, has_source in told if to_int(has_source)}
    in_order = sorted(unknown)  # They are nearly in order, which a difference of sets would lose.
    missing = [unknown[text] for text in in_order if text not in there]
    sourced = [unknown[text] for text in in_order if unknown[text].source is not None and text not in have_source]
    return _adding(missing, sourced=sourced, looked=True) if missing or sourced else []


def _adding(missing: Sequence[ComponentIdentity], *, sourced: Sequence[ComponentIdentity], looked: bool) -> list[Query]:
    """Make the queries that add components, their packages and source packages, sorted, and find the components.

    `looked`: they were looked for before and not found.
    """
    spellings = {i.source: (i.source.namespace, i.source.name) for i in sourced if i.source}
    spellings |= {i.key: (i.namespace, i.name) for i in missing}
    queries = [_adding_packages(spellings)]
    if missing:
        queries += [
            _adding_components(missing, looked=looked),
            Query(_FIND_COMPONENTS, {"texts": [i.text for i in missing]}),
        ]
    if sourced:
        sources = [i.source or _NO_SOURCE for i in sourced]
        filling = {"texts": [i.text for i in sourced], **_columns(sources)}
        queries.append(Query(_FILL_SOURCES, filling))
    return queries


def _adding_components(identities: Sequence[ComponentIdentity], *, looked: bool) -> Query:
    sources = _columns([i.source or _NO_SOURCE for i in identities])
    return Query(
        _ADD_COMPONENTS,
        {
            "texts": [i.text for i in identities],
            "versions": [i.version for i in identities],
            "have_purls": [i.has_purl for i in identities],
            "looked": looked,
            **_columns([i.key for i in identities]),
            **{f"source_{name}": values for name, values in sources.items()},
        },
    )


def _adding_packages(spellings: Mapping[PackageKey, tuple[str, str]]) -> Query:
    """Make the query that adds packages, spelled as given; `spellings` maps a key to (namespace, name)."""
    keys = sorted(spellings)
    return Query(
        _ADD_PACKAGES,
        {
            "types": [key.type for key in keys],
            "namespace_keys": [key.namespace for key in keys],
            "name_keys": [key.name for key in keys],
            "namespaces": [spellings[key][0] for key in keys],
            "names": [spellings[key][1] for key in keys],
        },
    )


def _columns(keys: Sequence[PackageKey]) -> dict[str, list[str]]:
    return {
        "types": [key.type for key in keys],
        "namespaces": [key.namespace for key in keys],
        "names": [key.name for key in keys],
    }


def _by_text(rows: Sequence[Row]) -> dict[str, int]:
    return {to_text(row[0]): to_int(row[1]) for row in rows}
