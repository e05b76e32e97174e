"""Intern what all teams share: packages, components, artifacts. Sorted, set-based, in short transactions.

On the `interning` connection, which commits without waiting for the disk: the document that needs the rows commits
later and synchronously, and the log is written in order, so its durability covers theirs. Interning inside the
document's transaction, or unsorted, is how documents deadlock (docs/adr/0001-presence-ranges.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

from inventory.identity.purls import PackageKey

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.db.backends.utils import CursorWrapper

    from inventory.ingest.identify import ComponentIdentity

ALIAS = "interning"
MAX_KNOWN = 500_000

_FIND_PACKAGES = """
SELECT p.type, p.namespace_key, p.name_key, p.id
FROM unnest(%s::text[], %s::text[], %s::text[]) AS i(type, namespace_key, name_key)
JOIN inventory_package p USING (type, namespace_key, name_key)
"""
_ADD_PACKAGES = """
INSERT INTO inventory_package (type, namespace_key, name_key, namespace, name)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (type, namespace_key, name_key) DO NOTHING
"""
_FIND_COMPONENTS = "SELECT identity, id FROM inventory_component WHERE identity = ANY(%s)"
_ADD_COMPONENTS = """
INSERT INTO inventory_component (identity, package_id, version, has_purl, source_package_id)
SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::bool[], %s::int[])
ON CONFLICT (identity) DO NOTHING
"""
_FILL_SOURCES = """
UPDATE inventory_component c SET source_package_id = i.source
FROM (SELECT * FROM unnest(%s::int[], %s::int[]) AS u(id, source) ORDER BY id) i
WHERE c.id = i.id AND c.source_package_id IS NULL
"""
_FIND_ARTIFACTS = "SELECT digest, id FROM inventory_artifact WHERE digest = ANY(%s)"
_FIND_OR_ADD_ARTIFACTS = """
WITH wanted AS (SELECT unnest(%s::text[]) AS digest),
found AS (SELECT a.digest, a.id FROM inventory_artifact a JOIN wanted USING (digest)),
added AS (
    INSERT INTO inventory_artifact (digest, label_name, label_version)
    SELECT digest, '', '' FROM wanted WHERE digest NOT IN (SELECT digest FROM found) ORDER BY digest
    ON CONFLICT (digest) DO NOTHING RETURNING digest, id)
SELECT * FROM found UNION ALL SELECT * FROM added
"""
_ADD_LABEL = """
INSERT INTO inventory_artifact (label_name, label_version) VALUES (%s, %s) ON CONFLICT DO NOTHING
"""
_FIND_LABEL = "SELECT id FROM inventory_artifact WHERE digest IS NULL AND label_name = %s AND label_version = %s"


class _Known:
    """Component ids this process has seen, by identity and whether its source package was known then."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, bool], int] = {}
        self._generation: int | None = None

    def follow(self, generation: int) -> None:
        """Forget everything when the table has been rewritten (restored, truncated): its ids are other ids."""
        if generation != self._generation:
            self._ids.clear()
            self._generation = generation

    def forget(self) -> None:
        """Forget everything.

        A database that crashed may have lost rows that no document has made durable, and give their ids to others.
        """
        self._ids.clear()

    def get(self, identity: ComponentIdentity) -> int | None:
        return self._ids.get((identity.text, identity.source is not None))

    def add(self, identity: ComponentIdentity, component_id: int) -> None:
        if len(self._ids) >= MAX_KNOWN:
            self._ids.clear()
        self._ids[identity.text, identity.source is not None] = component_id


_known = _Known()
follow_generation = _known.follow
forget_all = _known.forget


def intern_components(identities: Collection[ComponentIdentity]) -> dict[str, int]:
    """Return {identity text: component id} for all, adding what is new.

    No statement at all when this process knows them.
    """
    ids: dict[str, int] = {}
    unknown: dict[str, ComponentIdentity] = {}
    for identity in identities:
        component_id = _known.get(identity)
        if component_id is not None:
            ids[identity.text] = component_id
        elif identity.text not in unknown or identity.source is not None:
            unknown[identity.text] = identity
    if unknown:
        found = _find_or_add([unknown[text] for text in sorted(unknown)])
        for text, identity in unknown.items():
            _known.add(identity, found[text])
        ids |= found
    return ids


def intern_packages(keys: Collection[PackageKey]) -> dict[PackageKey, int]:
    """Return {match key: package id}, adding what is new under its key's spelling."""
    with _cursor() as cursor:
        return _packages(cursor, {key: (key.namespace, key.name) for key in keys})


def intern_artifacts(digests: Collection[str]) -> dict[str, int]:
    """Return {digest: artifact id} for canonical digests, adding what is new."""
    wanted = sorted(set(digests))
    if not wanted:
        return {}
    with _cursor() as cursor:
        cursor.execute(_FIND_OR_ADD_ARTIFACTS, [wanted])
        ids: dict[str, int] = dict(cursor.fetchall())
        lost = [digest for digest in wanted if digest not in ids]
        if lost:  # another worker added them between this statement's look and its insert
            cursor.execute(_FIND_ARTIFACTS, [lost])
            ids |= dict(cursor.fetchall())
    return ids


def intern_label(name: str, version: str) -> int:
    """Return the id of the artifact that stands for a name and version without any digest."""
    with _cursor() as cursor:
        cursor.execute(_ADD_LABEL, [name, version])
        cursor.execute(_FIND_LABEL, [name, version])
        row = cursor.fetchone()
    return int(row[0])


def _cursor() -> CursorWrapper:
    return connections[ALIAS].cursor()


def _find_or_add(identities: Sequence[ComponentIdentity]) -> dict[str, int]:
    texts = [identity.text for identity in identities]
    with _cursor() as cursor:
        cursor.execute(_FIND_COMPONENTS, [texts])
        ids: dict[str, int] = dict(cursor.fetchall())
        missing = [identity for identity in identities if identity.text not in ids]
        spellings: dict[PackageKey, tuple[str, str]] = {
            i.source: (i.source.namespace, i.source.name) for i in identities if i.source
        }
        spellings |= {i.key: (i.namespace, i.name) for i in missing}
        packages = _packages(cursor, spellings)
        if missing:
            cursor.execute(
                _ADD_COMPONENTS,
                [
                    [i.text for i in missing],
                    [packages[i.key] for i in missing],
                    [i.version for i in missing],
                    [i.has_purl for i in missing],
                    [packages[i.source] if i.source else None for i in missing],
                ],
            )
            cursor.execute(_FIND_COMPONENTS, [[i.text for i in missing]])
            ids |= dict(cursor.fetchall())
        sourced = [i for i in identities if i.source]
        if sourced:
            cursor.execute(
                _FILL_SOURCES, [[ids[i.text] for i in sourced], [packages[i.source] for i in sourced if i.source]]
            )
    return ids


def _packages(cursor: CursorWrapper, spellings: dict[PackageKey, tuple[str, str]]) -> dict[PackageKey, int]:
    """Find packages by key and add the missing, spelled as given; `spellings` maps a key to (namespace, name)."""

    def find(keys: Sequence[PackageKey]) -> dict[PackageKey, int]:
        cursor.execute(_FIND_PACKAGES, [[k.type for k in keys], [k.namespace for k in keys], [k.name for k in keys]])
        return {PackageKey(type_, namespace, name): id_ for type_, namespace, name, id_ in cursor.fetchall()}

    if not spellings:
        return {}
    keys = sorted(spellings)
    ids = find(keys)
    missing = [key for key in keys if key not in ids]
    if missing:
        cursor.execute(
            _ADD_PACKAGES,
            [
                [k.type for k in missing],
                [k.namespace for k in missing],
                [k.name for k in missing],
                [spellings[k][0] for k in missing],
                [spellings[k][1] for k in missing],
            ],
        )
        ids |= find(missing)
    return ids
