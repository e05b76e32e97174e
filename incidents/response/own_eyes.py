"""What a team's own documents say of artifacts: an answer that was asked through other eyes says more."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from incidents.impact.answer import NO_PROVENANCE
from incidents.impact.shown import shown_provenance
from inventory.graph.artifacts import display_name
from inventory.graph.verdicts import read_verdicts
from inventory.models import Artifact, ArtifactName

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from incidents.impact.answer import ArtifactShown, Provenance
    from supplychain.access.actors import Actor


@dataclass(frozen=True, slots=True)
class OwnEyes:
    """Names and provenance by digest."""

    names: Mapping[str, Collection[str]]
    origins: Mapping[str, Provenance]

    def artifact(self, shown: ArtifactShown) -> ArtifactShown:
        """Leave out the names that only others gave. What has no digest is known by its label alone."""
        if shown.digest is None:
            return shown
        known = self.names.get(shown.digest, ())
        return msgspec.structs.replace(shown, names=tuple(name for name in shown.names if name in known))

    def provenance(self, shown: ArtifactShown) -> Provenance:
        """Return where it comes from as the team's own attestations say it today."""
        return self.origins.get(shown.digest or "", NO_PROVENANCE)


def own_eyes(digests: Collection[str], *, actor: Actor) -> OwnEyes:
    """Return how the actor sees these artifacts. Three statements."""
    ids = dict(Artifact.objects.filter(digest__in=sorted(digests)).values_list("pk", "digest"))
    origins = read_verdicts(list(ids), actor=actor)
    given = ArtifactName.objects.filter(artifact__in=sorted(ids), team__in=sorted(actor.team_ids or ()))
    names: dict[str, set[str]] = defaultdict(set)
    for artifact_id, name, tag in given.values_list("artifact_id", "name", "tag"):
        names[ids[artifact_id] or ""].add(display_name(name, tag))
    return OwnEyes(names, {digest or "": shown_provenance(origins[pk]) for pk, digest in ids.items()})
