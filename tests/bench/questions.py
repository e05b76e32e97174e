"""The questions that are asked: several of each kind the budgets name, about what this database holds."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDEST = "SELECT max(track_count) FROM inventory_packagereach WHERE team_id IS NULL"
_COMMON = f"""
SELECT p.id FROM inventory_package p JOIN inventory_packagereach r ON r.package_id = p.id
WHERE r.team_id IS NULL AND p.type NOT IN ('deb', '')
ORDER BY abs(r.track_count - 0.05 * ({_WIDEST})), p.id LIMIT 30
"""
_UBIQUITOUS = """
SELECT p.id FROM inventory_package p JOIN inventory_packagereach r ON r.package_id = p.id
WHERE r.team_id IS NULL AND p.type = 'deb' ORDER BY r.track_count DESC, p.id LIMIT 8
"""
_PURLS = """
SELECT 'pkg:' || p.type || '/' || CASE WHEN p.namespace = '' THEN '' ELSE replace(p.namespace, '@', '%%40') || '/' END
       || p.name
FROM unnest(%s::int[]) WITH ORDINALITY AS wanted(id, place) JOIN inventory_package p ON p.id = wanted.id ORDER BY place
"""
_RARE = """
SELECT c.identity FROM inventory_component c JOIN inventory_packagereach r ON r.package_id = c.package_id
WHERE r.team_id IS NULL AND r.track_count <= 2 AND c.has_purl ORDER BY md5(c.identity) LIMIT 40
"""
_MOST_HELD = """
SELECT c.identity FROM inventory_component c JOIN inventory_presence p ON p.component_id = c.id
WHERE c.package_id = ANY(%s) GROUP BY c.id ORDER BY count(*) DESC, c.id LIMIT 20
"""
_ANY = "SELECT identity FROM inventory_component WHERE has_purl ORDER BY md5(identity) LIMIT 25000"
_VERSIONS = "SELECT version FROM inventory_component WHERE package_id = ANY(%s)"
_CAMPAIGNS = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question: several of it, how long one may take, and for the baseline which components each means."""

    key: str
    name: str
    bodies: tuple[bytes, ...]
    budget_ms: float | None
    packages: tuple[int, ...] = ()
    purls: tuple[tuple[str, ...], ...] = ()


def kinds_of_question(*, most_purls: int = 5_000, days_ago: float = 50.0) -> list[Kind]:
    """Make questions about what this database holds; the same database gives the same."""
    past = datetime.now(UTC) - timedelta(days=days_ago)
    common, ubiquitous = _ids(_COMMON), _ids(_UBIQUITOUS)
    rare, everything = _texts(_RARE), _texts(_ANY)
    common_purls, ubiquitous_purls = _texts(_PURLS, common), _texts(_PURLS, ubiquitous)
    window = {"from": (past - timedelta(days=14)).isoformat(), "to": past.isoformat()}
    return [
        _exact("rare", "exact purl, rare", rare, budget=25),
        _exact("common_version", "exact purl, the most common of a common package", _texts(_MOST_HELD, common), 25),
        _exact("top_version", "exact purl, the most common of all", _texts(_MOST_HELD, ubiquitous), budget=50),
        _packages("common", "common package, all versions", common, purls=common_purls, budget=50),
        Kind("range", "range over a common package", tuple(_ranges(common, common_purls)), 50),
        _packages("ubiquitous", "ubiquitous package, all versions", ubiquitous, purls=ubiquitous_purls, budget=100),
        _campaign("500", "500 purls, all present", _samples(everything, most_purls // 10)),
        _campaign("5000", "5,000 purls, all present", _samples(everything, most_purls)),
        _campaign("5000_few", "5,000 purls, 2 % present", _mostly_absent(everything, most_purls)),
        Kind("past", "common package, at a past instant", _many(common_purls, at=past.isoformat()), 50),
        Kind("window", "common package, in a past window of 14 days", _many(common_purls, **window), 50),
    ]


def purls_of(packages: str) -> list[str]:
    """Return the purls of packages that are `common` or `ubiquitous`."""
    return _texts(_PURLS, _ids({"common": _COMMON, "ubiquitous": _UBIQUITOUS}[packages]))


def _exact(key: str, name: str, purls: Sequence[str], budget: float) -> Kind:
    return Kind(key, name, _many(purls), budget, purls=tuple((purl,) for purl in purls))


def _packages(key: str, name: str, ids: Sequence[int], *, purls: Sequence[str], budget: float) -> Kind:
    return Kind(key, name, _many(purls), budget, packages=tuple(ids))


def _campaign(key: str, name: str, samples: Sequence[Sequence[str]]) -> Kind:
    return Kind(key, name, _many(["\n".join(one) for one in samples]), 300, purls=tuple(map(tuple, samples)))


def _samples(purls: Sequence[str], size: int) -> list[list[str]]:
    pick = random.Random(size)
    return [pick.sample(purls, min(size, len(purls))) for _ in range(_CAMPAIGNS)]


def _mostly_absent(purls: Sequence[str], size: int) -> list[list[str]]:
    """Of a list as feeds publish them, one in fifty is here; half of the rest are versions of packages that are."""
    pick = random.Random(2)
    lists = []
    for number in range(_CAMPAIGNS):
        absent = [
            f"{purl.partition('@')[0]}@999.{number}.0"
            for purl in pick.sample(purls, min(size // 2, len(purls)))
            if "?" not in purl
        ]
        absent += [f"pkg:npm/never-seen-{number}-{place}@1.0.0" for place in range(size - size // 50 - len(absent))]
        lists.append([*pick.sample(purls, min(size // 50, len(purls))), *absent])
    return lists


def _ranges(packages: Sequence[int], purls: Sequence[str]) -> list[bytes]:
    """Ask for the newer half of each package's versions."""
    bodies = []
    for package, purl in zip(packages, purls, strict=True):
        versions = sorted(_texts(_VERSIONS, [package]), key=_numbers)
        text = f"vers:{purl[4:].partition('/')[0]}/>={versions[len(versions) // 2]}"
        bodies.append(json.dumps({"indicators": [{"kind": "package", "purl": purl, "range": text}]}).encode())
    return bodies


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.lstrip("v").split(".")]


def _many(texts: Sequence[str], **more: str) -> tuple[bytes, ...]:
    return tuple(json.dumps({"text": text, **more}).encode() for text in texts)


def _texts(query: str, *parameters: list[int]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(parameters) or None)
        return [str(row[0]) for row in cursor.fetchall()]


def _ids(query: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [int(row[0]) for row in cursor.fetchall()]
