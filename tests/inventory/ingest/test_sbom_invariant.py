"""The invariant: for every snapshot the set read back from presence is the document's set, flags included.

Documents of a small universe arrive in random order under interleaved names and tools, with repeats, changed flags and
empty sets, through the real ingest. What they leave behind is compared with the documents themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Evidence, Snapshot
from tests.factories import apply_waiting, cyclonedx, digest, store

pytestmark = pytest.mark.django_db
database_per_example = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

UNIVERSE: dict[str, dict[str, Any]] = {
    # identity as stored: how a document writes it
    "pkg:npm/left@1": {"name": "left", "version": "1", "purl": "pkg:npm/left@1"},
    "pkg:npm/left@2": {"name": "left", "version": "2", "purl": "pkg:npm/left@2"},
    "pkg:npm/right@1": {"name": "right", "version": "1", "purl": "pkg:npm/right@1?vcs_url=git%2Bhttps://x"},
    "pkg:pypi/a@1": {"name": "a", "version": "1", "purl": "pkg:pypi/a@1"},
    "pkg:pypi/b@1": {"name": "b", "version": "1", "purl": "pkg:pypi/b@1"},
    "pkg:maven/g/a@1": {"name": "a", "group": "g", "version": "1", "purl": "pkg:maven/g/a@1?type=jar"},
    "pkg:golang/x.example/a@v1": {"name": "x.example/a", "version": "v1", "purl": "pkg:golang/x.example/a@v1"},
    "pkg:deb/debian/c@1?arch=amd64": {"name": "c", "version": "1", "purl": "pkg:deb/debian/c@1?arch=amd64"},
    "pkg:deb/debian/c@1?arch=arm64": {"name": "c", "version": "1", "purl": "pkg:deb/debian/c@1?arch=arm64"},
    "name:library//plain@1": {"name": "plain", "version": "1"},
    "name:library//plain@1#md5:00000000000000000000000000000000": {
        "name": "plain",
        "version": "1",
        "hashes": [{"alg": "MD5", "content": "0" * 32}],
    },
    "name:file/acme/plain@1": {"type": "file", "group": "acme", "name": "plain", "version": "1"},
}
SCOPES = {"required": 0, "optional": 1, "excluded": 2}


@dataclass(frozen=True)
class Entry:
    """One line of a document."""

    identity: str
    scope: str
    is_direct: bool


@dataclass(frozen=True)
class Sent:
    """A document: what it lists, and what decides the chain it joins."""

    team: str
    name: str
    tool: str
    entries: tuple[Entry, ...]
    has_edges: bool

    def bytes(self, number: int) -> bytes:
        components = [
            {**UNIVERSE[entry.identity], "scope": entry.scope, "bom-ref": f"ref-{place}"}
            for place, entry in enumerate(self.entries)
        ]
        roots = [f"ref-{place}" for place, entry in enumerate(self.entries) if entry.is_direct]
        edges = {"root": roots} if self.has_edges else None
        subject = digest(f"subject-{number}")
        return cyclonedx(*components, subject=subject, name=self.name, tool=self.tool, dependencies=edges)

    def flags(self) -> dict[str, int]:
        """What is to be read back: the strongest scope of the repeats, direct when any of them is.

        A document that names nothing its root depends on does not say what is direct.
        """
        says_direct = self.has_edges and any(entry.is_direct for entry in self.entries)
        found: dict[str, int] = {}
        for identity in {entry.identity for entry in self.entries}:
            repeats = [entry for entry in self.entries if entry.identity == identity]
            scope = min(SCOPES[entry.scope] for entry in repeats)
            direct = says_direct and any(entry.is_direct for entry in repeats)
            found[identity] = scope << 1 | direct | (0 if says_direct else 1 << 4)
        return found


entries = st.builds(Entry, st.sampled_from(sorted(UNIVERSE)), st.sampled_from(sorted(SCOPES)), st.booleans())
documents = st.builds(
    Sent,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["registry.example/shop:1", "registry.example/shop:2", "registry.example/pay:1"]),
    st.sampled_from(["syft", "trivy"]),
    st.lists(entries, max_size=14).map(tuple),
    st.booleans(),
)


@database_per_example
@given(sent=st.lists(documents, min_size=1, max_size=7), together=st.booleans())
def test_every_snapshot_reads_back_as_its_document(sent: list[Sent], together: bool) -> None:
    with _undone():
        rows: list[tuple[Evidence, Sent]] = []
        for number, document in enumerate(sent):
            rows.append((store(document.team, document.bytes(number)), document))
            if not together:
                apply_waiting()
        apply_waiting()

        for evidence, document in rows:
            snapshot = Snapshot.objects.select_related("track").get(evidence=evidence)
            assert _read_back(snapshot) == document.flags()
            assert snapshot.component_count == len(document.entries)
            assert snapshot.distinct_count == len(document.flags())
        assert _reach_as_stored() == _reach_recounted()
        assert _overlapping_ranges() == 0


@database_per_example
@given(first=documents, again=documents)
def test_a_set_that_was_there_before_opens_no_range(first: Sent, again: Sent) -> None:
    with _undone():
        for number, document in enumerate((first, again, first)):
            store(document.team, document.bytes(number))
            apply_waiting()

        before, after = (Snapshot.objects.order_by("id")[number] for number in (0, 2))
        assert bytes(before.set_hash) == bytes(after.set_hash)
        assert _read_back(before) == _read_back(after) == first.flags()


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _read_back(snapshot: Snapshot) -> dict[str, int]:
    rows = _rows(
        "SELECT c.identity, p.flags FROM inventory_presence p JOIN inventory_component c ON c.id = p.component_id "
        "WHERE p.track_id = %s AND p.from_seq <= %s AND p.to_seq > %s",
        [snapshot.track_id, snapshot.seq, snapshot.seq],
    )
    assert len({identity for identity, _ in rows}) == len(rows)
    return dict(rows)


def _reach_as_stored() -> Counter[tuple[int | None, int]]:
    rows = _rows("SELECT team_id, package_id, track_count FROM inventory_packagereach")
    return Counter({(team, package): count for team, package, count in rows})


def _reach_recounted() -> Counter[tuple[int | None, int]]:
    rows = _rows(
        "SELECT t.team_id, c.package_id, count(DISTINCT p.track_id) FROM inventory_presence p "
        "JOIN inventory_component c ON c.id = p.component_id JOIN inventory_track t ON t.id = p.track_id "
        "GROUP BY t.team_id, c.package_id"
    )
    counted: Counter[tuple[int | None, int]] = Counter()
    for team, package, count in rows:
        counted[team, package] += count
        counted[None, package] += count
    return counted


def _overlapping_ranges() -> int:
    ((count,),) = _rows(
        "SELECT count(*) FROM inventory_presence a JOIN inventory_presence b USING (component_id, track_id) "
        "WHERE a.from_seq < b.from_seq AND b.from_seq < a.to_seq"
    )
    return int(count)


def _rows(sql: str, parameters: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
