"""One box: what an actor can see under a purl, a name, a digest, an image, a workload or an advisory's id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from inventory.graph.advisories import AdvisoryRow, find_by_id
from inventory.graph.artifacts import ArtifactFilter, ArtifactRow, list_artifacts
from inventory.graph.families import visible_teams
from inventory.graph.packages import PackageRow, list_packages
from inventory.graph.statements import containing, fetch
from inventory.graph.visibility import own
from inventory.identity.purls import PurlError, package_key, parse_purl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supplychain.access.actors import Actor

MIN_TEXT = 2
_MAX_EXACT = 512


class HitKind(StrEnum):
    """What was found. The order is that of the answer."""

    VERSION = "package_version"
    PACKAGE = "package"
    ARTIFACT = "artifact"
    IMAGE = "image"
    WORKLOAD = "workload"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class VersionHit:
    """A package version that the text names exactly."""

    purl: str
    version: str


@dataclass(frozen=True, slots=True)
class ImageHit:
    """A name of an image or another artifact, without tag.

    `artifact_count` 0: only containers without digest use it.
    """

    name: str
    artifact_count: int


@dataclass(frozen=True, slots=True)
class WorkloadHit:
    """A workload whose name, namespace or cluster contains the text."""

    cluster: str
    namespace: str
    kind: str
    name: str
    is_running: bool


Hit = VersionHit | PackageRow | ArtifactRow | ImageHit | WorkloadHit | AdvisoryRow


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one kind, best first; `has_more` when the limit cut them."""

    kind: HitKind
    hits: Sequence[Hit]
    has_more: bool


_VERSIONS = f"""
SELECT c.identity, c.version FROM inventory_component c JOIN inventory_package k ON k.id = c.package_id
WHERE {{condition}} AND c.has_purl AND EXISTS (
    SELECT 1 FROM inventory_presence p JOIN inventory_track t ON t.id = p.track_id
    WHERE p.component_id = c.id AND {own("t.team_id")})
ORDER BY c.identity LIMIT %(limit)s
"""
_BY_NAME = "k.name_key = ANY(%(names)s) AND c.version = %(version)s"
_BY_PURL = (
    "k.type = %(type)s AND k.namespace_key = %(namespace)s AND k.name_key = ANY(%(names)s) AND c.version = %(version)s"
)
_IMAGES = f"""
SELECT name, count(DISTINCT artifact_id) FROM (
    SELECT n.name, n.artifact_id FROM inventory_artifactname n
    WHERE UPPER(n.name) LIKE %(pattern)s AND {own("n.team_id")}
    UNION ALL
    SELECT i.image_name, i.artifact_id FROM inventory_runinterval i
    WHERE i.closed_at IS NULL AND UPPER(i.image_name) LIKE %(pattern)s AND {own("i.team_id")}
) named GROUP BY name ORDER BY count(DISTINCT artifact_id) DESC, name LIMIT %(limit)s
"""
_WORKLOADS = f"""
SELECT c.name, w.namespace, w.kind, w.name, run.is_running
FROM inventory_workload w
JOIN inventory_cluster c ON c.id = w.cluster_id
JOIN LATERAL (SELECT bool_or(i.closed_at IS NULL) AS is_running FROM inventory_runinterval i
              WHERE i.workload_id = w.id AND {own("i.team_id")}) run ON run.is_running IS NOT NULL
WHERE UPPER(w.name) LIKE %(pattern)s OR UPPER(w.namespace) LIKE %(pattern)s OR UPPER(c.name) LIKE %(pattern)s
ORDER BY UPPER(w.name) LIKE %(pattern)s DESC, run.is_running DESC, c.name, w.namespace, w.kind, w.name LIMIT %(limit)s
"""


def search(text: str, *, limit: int, actor: Actor) -> tuple[Found, ...]:
    """Return at most `limit` visible hits of each kind; nothing for less than MIN_TEXT characters. 13 statements."""
    text = text.strip()
    if len(text) < MIN_TEXT:
        return ()
    packages = list_packages(text, after=None, limit=limit, actor=actor)
    artifacts = list_artifacts(ArtifactFilter(text=_without_digest_name(text)), after=None, limit=limit, actor=actor)
    parameters = {"pattern": containing(text), "limit": limit + 1, "teams": visible_teams(actor)}
    return (
        _cut(HitKind.VERSION, _versions(text, limit=limit, actor=actor), limit=limit),
        Found(HitKind.PACKAGE, packages.rows, has_more=packages.next is not None),
        Found(HitKind.ARTIFACT, artifacts.rows, has_more=artifacts.next is not None),
        _cut(HitKind.IMAGE, fetch(ImageHit, _IMAGES, parameters), limit=limit),
        _cut(HitKind.WORKLOAD, fetch(WorkloadHit, _WORKLOADS, parameters), limit=limit),
        _cut(HitKind.ADVISORY, find_by_id(text[:_MAX_EXACT], limit=limit + 1, actor=actor), limit=limit),
    )


def _cut(kind: HitKind, hits: Sequence[Hit], *, limit: int) -> Found:
    return Found(kind, tuple(hits[:limit]), has_more=len(hits) > limit)


def _versions(text: str, *, limit: int, actor: Actor) -> list[VersionHit]:
    """Find `pkg:type/name@version` and, in every ecosystem, `name@version` and `name:version`."""
    parameters: dict[str, object] = {"limit": limit + 1, "teams": visible_teams(actor)}
    if text.lower().startswith("pkg:"):
        condition, values = _BY_PURL, _purl_parameters(text)
    else:
        condition, values = _BY_NAME, _name_parameters(text)
    return fetch(VersionHit, _VERSIONS.format(condition=condition), parameters | values) if values else []


def _purl_parameters(text: str) -> dict[str, object]:
    try:
        purl = parse_purl(text[:_MAX_EXACT])
    except PurlError:
        return {}
    if not purl.version:
        return {}
    key = purl.key
    return {"type": key.type, "namespace": key.namespace, "names": [key.name], "version": purl.version}


def _name_parameters(text: str) -> dict[str, object]:
    separator = "@" if "@" in text[1:] else ":"
    name, found, version = text.rpartition(separator)
    if not (found and name and version):
        return {}
    last = name.rpartition("/")[2].rpartition(":")[2]
    spelled = {last, last.lower(), package_key("pypi", "", last).name}
    return {"names": sorted(spelled), "version": version}


def _without_digest_name(text: str) -> str:
    """Let `repository@sha256:…` find its digest."""
    _, at, digest = text.rpartition("@")
    return digest if at and digest.lower().startswith(("sha256:", "sha384:", "sha512:")) else text
