"""From indicators to components: which versions of packages are meant, which may be, which a rule excludes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from incidents.impact.builds.lookup import BuildLookup
from incidents.impact.candidates import ComponentMatch
from incidents.impact.claimed_sources import claimed
from incidents.impact.cpes import stated_cpes
from incidents.impact.deployed import deployed
from incidents.impact.judging import MatchClass
from incidents.impact.lookup import ArtifactMatch, Lookup
from incidents.impact.origins import ORIGIN_KINDS, origins
from incidents.impact.portions import Packages
from incidents.impact.question import LISTED_BUILDS
from incidents.impact.supplied import supplied
from incidents.impact.tagged import tagged
from inventory.graph.families import visible_teams
from inventory.graph.one_state import Statement
from inventory.graph.visibility import own
from inventory.identity.indicators import IndicatorKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from incidents.impact.answer import Builds
    from incidents.impact.candidates import Placed
    from inventory.graph.one_state import OneState
    from inventory.identity.indicators import Indicator
    from supplychain.access.actors import Actor
    from supplychain.exchange import Meanwhile


@dataclass(frozen=True, slots=True)
class Matches:
    """Everything the indicators mean, before anybody asks where it is. `components` are affected or possible."""

    components: tuple[ComponentMatch, ...]
    artifacts: tuple[ArtifactMatch, ...]
    candidates: Packages
    """All components of the packages asked for: what is not among `components` is cleared."""
    asks_artifacts: bool = False
    """Whether artifacts were asked for, found or not: what is asked next must not tell that somebody has one."""
    asks_hashes: bool = False
    """Whether hashes or CPEs were asked for: what documents state of components beside their names."""
    asks_sources: bool = False
    """Whether repositories, commits or accounts were asked for, of which SBOMs say what comes from them."""
    builds: Builds | None = None
    """The runs that were exposed, where something was asked that could expose one."""

    @property
    def is_long(self) -> bool:
        return is_long(self.candidates)

    @property
    def asks_components(self) -> bool:
        """Whether an SBOM could answer: then what has none is unknown, whatever else clears it."""
        return bool(self.candidates.names) or self.asks_hashes or self.asks_sources

    def best(self) -> dict[int, int]:
        """Return the best class of each component; without what is cleared when that is long."""
        best: dict[int, int] = {}
        for match in self.components:
            known = best.get(match.component_id)
            if known is None or match.match_class < known:
                best[match.component_id] = match.match_class
        if not self.is_long:
            for component_id in self.candidates.ids:
                best.setdefault(component_id, MatchClass.CLEARED)
        return best


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A component for which a visible document states a hash asked for, among `stated` different ones."""

    value: bytes
    algorithm: str
    component_id: int
    stated: int

    @property
    def match_class(self) -> MatchClass:
        return MatchClass.AFFECTED if self.stated == 1 else MatchClass.POSSIBLE

    @property
    def reason(self) -> str:
        if self.stated == 1:
            return f"its {self.algorithm} is the one asked for"
        return f"its {self.algorithm} is one of {self.stated} that documents state for this component"


@dataclass(frozen=True, slots=True)
class _Digested:
    """An artifact that a digest asked for names, or holds as its index."""

    digest: str
    artifact_id: int
    is_member: bool


_POSSIBLE = 40
"""In percent, how sure is what only went by a name."""
MANY_CANDIDATES = 4_000
"""From here on it costs less to look through what runs than to look up where each of them is."""
_HASHED = """
SELECT h.value, h.algorithm, h.component_id,
       (SELECT count(DISTINCT o.value) FROM inventory_componenthash o
        WHERE o.component_id = h.component_id AND o.algorithm = h.algorithm
          AND (%(teams)s::bigint[] IS NULL OR o.team_id = ANY(%(teams)s))) AS stated
FROM unnest(%(values)s::bytea[], %(algorithms)s::text[]) AS asked(value, algorithm)
JOIN inventory_componenthash h ON h.value = asked.value AND h.algorithm = asked.algorithm
WHERE %(teams)s::bigint[] IS NULL OR h.team_id = ANY(%(teams)s)
GROUP BY h.value, h.algorithm, h.component_id
"""
_DIGESTED = """
SELECT a.digest, a.id, false FROM inventory_artifact a WHERE a.digest = ANY(%(digests)s)
UNION
SELECT a.digest, m.member_id, true FROM inventory_artifact a JOIN inventory_indexmember m ON m.index_id = a.id
WHERE a.digest = ANY(%(digests)s) AND (%(teams)s::bigint[] IS NULL OR m.team_id = ANY(%(teams)s))
"""
# A document's name has no end: in a window it counts only where no container tells when the name was in use.
_NAMED = f"""
WITH asked(place, name, tag, since, until) AS (
    SELECT * FROM unnest(%(places)s::int[], %(names)s::text[], %(tags)s::text[], %(since)s::timestamptz[],
                         %(until)s::timestamptz[])
),
ran AS (
    SELECT a.place, i.artifact_id, (i.closed_at IS NULL OR i.closed_at > i.opened_at)
        AND (a.until IS NULL OR i.opened_at < a.until)
        AND (a.since IS NULL OR i.closed_at IS NULL OR i.closed_at > a.since) AS is_meant
    FROM asked a JOIN inventory_runinterval i ON i.image_name = a.name AND (a.tag = '' OR i.image_tag = a.tag)
    WHERE i.artifact_id IS NOT NULL AND {own("i.team_id")}
)
SELECT DISTINCT a.place, n.artifact_id
FROM asked a JOIN inventory_artifactname n ON n.name = a.name AND (a.tag = '' OR n.tag = a.tag)
WHERE {own("n.team_id")} AND (a.since IS NULL AND a.until IS NULL
    OR NOT EXISTS (SELECT 1 FROM ran r WHERE r.place = a.place AND r.artifact_id = n.artifact_id))
UNION
SELECT DISTINCT place, artifact_id FROM ran WHERE is_meant
"""
"""What was called so: a name that a document gives, and in the indicator's own window what ran under it."""


def is_long(candidates: Packages) -> bool:
    """Say whether so much is cleared that it is asked of what runs, not of where each component is (long_lists.py)."""
    return len(candidates.ids) > MANY_CANDIDATES


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was looked up for the indicators, not yet judged: of a long list that takes as long as the next question."""

    candidates: Packages
    matches: Callable[[], Matches]
    """Judges it; asks nothing."""

    @property
    def is_long(self) -> bool:
        return is_long(self.candidates)


def find_matches(
    indicators: Sequence[Indicator], *, actor: Actor, state: OneState, tells_cleared: bool = False
) -> Matches:
    """Return what the indicators mean: asks as `look_up` does."""
    return look_up(indicators, actor=actor, state=state, tells_cleared=tells_cleared).matches()


def look_up(
    indicators: Sequence[Indicator],
    *,
    actor: Actor,
    state: OneState,
    tells_cleared: bool = False,
    build_limit: int = LISTED_BUILDS,
    meanwhile: Meanwhile | None = None,
) -> LookedUp:
    """Look up what the indicators mean, for one round trip, two where there are thousands.

    `tells_cleared`: whether somebody asks why what is cleared is. `meanwhile` is done while the server looks them up.

    An indicator with a problem means nothing. Packages and components are shared by all teams, so nothing here tells
    who has them: that is asked next, through the asker's eyes.
    """
    of_kind: dict[IndicatorKind, list[Placed]] = defaultdict(list)
    for place, indicator in enumerate(indicators):
        if indicator.problem is None:
            of_kind[indicator.kind].append((place, indicator))
    hashes, teams = of_kind[IndicatorKind.HASH], visible_teams(actor)
    sources = [
        placed
        for kind in (IndicatorKind.REPOSITORY, IndicatorKind.COMMIT, IndicatorKind.ACCOUNT)
        for placed in of_kind[kind]
    ]
    candidates = Packages(of_kind[IndicatorKind.PACKAGE], tells_cleared=tells_cleared)
    components = [
        _hashes(hashes, teams=teams),
        stated_cpes(of_kind[IndicatorKind.CPE], teams=teams),
        supplied(of_kind[IndicatorKind.REPOSITORY]),
        claimed(sources, teams=teams),
    ]
    artifacts = [
        _digests([*of_kind[IndicatorKind.ARTIFACT], *hashes], teams=teams),
        tagged(of_kind[IndicatorKind.IMAGE], teams=teams),
        _images(of_kind[IndicatorKind.IMAGE], teams=teams),
        origins([placed for kind in ORIGIN_KINDS for placed in of_kind[kind]], teams=teams),
        deployed(of_kind[IndicatorKind.CLUSTER], teams=teams),
    ]
    asked = (found.statement for found in (*components, *artifacts) if found is not None)
    builds = BuildLookup(of_kind, teams=teams, state=state)
    fetched = candidates.look_up(*asked, state=state, meanwhile=meanwhile)

    def judged() -> Matches:
        rows = iter(fetched)
        exposed = builds.matches()
        return Matches(
            components=(
                *candidates.matches(),
                *(match for found in components if found is not None for match in found.read(next(rows))),
            ),
            artifacts=(
                *(match for found in artifacts if found is not None for match in found.read(next(rows))),
                *exposed,
            ),
            candidates=candidates,
            asks_artifacts=any(found is not None for found in artifacts) or builds.is_asked,
            asks_hashes=bool(hashes or of_kind[IndicatorKind.CPE]),
            asks_sources=bool(sources),
            builds=builds.builds(limit=build_limit),
        )

    return LookedUp(candidates, judged)


def _hashes(asked: Iterable[Placed], *, teams: Sequence[int] | None) -> Lookup[ComponentMatch] | None:
    places: dict[tuple[bytes, str], list[int]] = defaultdict(list)
    for place, indicator in asked:
        if indicator.algorithm and indicator.value:
            places[bytes.fromhex(indicator.value), indicator.algorithm].append(place)
    if not places:
        return None

    def read(rows: Iterable[_Hashed]) -> Iterator[ComponentMatch]:
        for found in rows:
            for place in places[bytes(found.value), found.algorithm]:
                yield ComponentMatch(found.component_id, place, found.match_class, found.reason)

    parameters = {
        "values": [value for value, _ in places],
        "algorithms": [algorithm for _, algorithm in places],
        "teams": teams,
    }
    return Lookup(Statement(_Hashed, _HASHED, parameters), read)


def _digests(asked: Iterable[Placed], *, teams: Sequence[int] | None) -> Lookup[ArtifactMatch] | None:
    """An index is all its members: who asks for one asks for what a node runs of it (domain.md, the incident query)."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, indicator in asked:
        places[indicator.digest or f"{indicator.algorithm}:{indicator.value}"].append(place)
    if not places:
        return None

    def read(rows: Iterable[_Digested]) -> Iterator[ArtifactMatch]:
        for found in rows:
            reason = "it is in the index asked for" if found.is_member else "the digest is the one asked for"
            for place in places[found.digest]:
                yield ArtifactMatch(found.artifact_id, place, MatchClass.AFFECTED, reason)

    return Lookup(Statement(_Digested, _DIGESTED, {"digests": list(places), "teams": teams}), read)


def _images(asked: Sequence[Placed], *, teams: Sequence[int] | None) -> Lookup[ArtifactMatch] | None:
    """An image reference is a name that moves: whatever went by it, in the indicator's own window, may be meant."""
    if not asked:
        return None
    named = {place: f"{indicator.image_name}:{indicator.image_tag or ''}".rstrip(":") for place, indicator in asked}

    def read(rows: Iterable[tuple[int, int]]) -> Iterator[ArtifactMatch]:
        for place, artifact_id in rows:
            yield ArtifactMatch(artifact_id, place, MatchClass.POSSIBLE, f"was called {named[place]}", _POSSIBLE)

    parameters = {
        "places": list(named),
        "names": [indicator.image_name for _, indicator in asked],
        "tags": [indicator.image_tag or "" for _, indicator in asked],
        "since": [indicator.valid_from for _, indicator in asked],
        "until": [indicator.valid_to for _, indicator in asked],
        "teams": teams,
    }
    return Lookup(Statement(lambda *row: row, _NAMED, parameters), read)
