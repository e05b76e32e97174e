"""The seven proofs that a service is recovered (domain.md, (b)). Pure: facts in, what is proven and what is left out.

A proof is `proven` by evidence, `missing` where evidence says otherwise or has not come, `unknown` where nobody can
tell yet. Unknown is never a pass.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from incidents.models import ActionState
from incidents.recovery.facts import workload_of
from inventory.models import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from incidents.models import IncidentService
    from incidents.recovery.facts import Facts, Place
    from inventory.graph.at_places import OpenRun
    from inventory.graph.built import BuildOf, SbomOf


class Proof(enum.StrEnum):
    """What has to be shown, in domain.md's order."""

    NEW_ARTIFACT = "new_artifact"
    SBOM_CLEAN = "sbom_clean"
    PROVENANCE_VERIFIED = "provenance_verified"
    SIGNED = "signed"
    REPLACED_EVERYWHERE = "replaced_everywhere"
    CREDENTIALS_ROTATED = "credentials_rotated"
    PACK_EXPORTED = "pack_exported"


class ProofState(enum.StrEnum):
    """The worst last."""

    PROVEN = "proven"
    UNKNOWN = "unknown"
    MISSING = "missing"


_WORST: Final = tuple(ProofState)
_PROVENANCE: Final = "provenance"
_NEWER: Final = "newer_than_answer"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a proof stands where it does: a code (docs/incidents.md), and what it is about."""

    code: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Evidence for a proof: an `artifact` by digest, a document (`evidence`) by id, an `action` by number."""

    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class Proven:
    """One proof of one service."""

    proof: Proof
    state: ProofState
    reasons: tuple[Reason, ...]
    evidence: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceProofs:
    """All seven of one service. `is_withdrawn`: nothing that it ran is matched any more; the list was wrong.

    `not_rebuilt` are digests of what was found for which nothing clean runs anywhere yet: a service may be of several
    images.
    """

    service: IncidentService
    old: tuple[str, ...]
    new: tuple[str, ...]
    proofs: tuple[Proven, ...]
    is_withdrawn: bool
    not_rebuilt: tuple[str, ...] = ()

    @property
    def proven_count(self) -> int:
        return sum(one.state is ProofState.PROVEN for one in self.proofs)

    @property
    def is_proven(self) -> bool:
        return self.is_withdrawn or self.proven_count == len(Proof)

    @property
    def waits_for_answer(self) -> bool:
        """Whether an SBOM came after the newest answer, which therefore says nothing of it."""
        return any(reason.code == _NEWER for one in self.proofs for reason in one.reasons)

    @property
    def is_contradicted(self) -> bool:
        """Whether evidence says that it is not recovered.

        What is merely unknown for a while takes nothing back, nor does a pack that is older than the newest evidence.
        """
        return any(one.state is ProofState.MISSING for one in self.proofs if one.proof is not Proof.PACK_EXPORTED)


@dataclass(slots=True)
class _Verdict:
    """States and reasons of several artifacts or places, of which the worst counts."""

    state: ProofState = ProofState.PROVEN
    reasons: dict[Reason, None] | None = None
    links: dict[Link, None] | None = None

    def add(self, state: ProofState, code: str, about: str = "", *links: Link) -> None:
        if _WORST.index(state) > _WORST.index(self.state):
            self.state, self.reasons = state, {}
        if state is self.state:
            self.reasons = {**(self.reasons or {}), Reason(code, about): None}
        self.links = {**(self.links or {}), **dict.fromkeys(links)}

    def proven(self, proof: Proof) -> Proven:
        return Proven(proof, self.state, tuple(self.reasons or ()), tuple(self.links or ()))


def prove(service: IncidentService, facts: Facts) -> ServiceProofs:
    """Return what is proven of a service, and what is left. Raises KeyError for one that the facts are not about."""
    places = [place for place in facts.places[service.pk] if place.digest in facts.found]
    old = tuple(sorted({place.digest for place in places}))
    if not places:
        return ServiceProofs(service, (), (), (), is_withdrawn=True)
    runs = [run for place in places for run in _at(place, facts)]
    clean = list({id(run): run for run in runs if run.digest is not None and not _is_found(run, facts)}.values())
    new = tuple(sorted({run.digest for run in clean if run.digest}))
    first = (
        _new_artifact(runs, clean),
        _sbom_clean(clean, facts),
        _provenance_verified(clean, facts),
        _signed(clean, facts),
        _replaced(places, facts),
        _rotated(service, old, facts),
    )
    newest = max(_times(clean, places, first[-1], facts), default=None)
    proofs = (*first, _exported(facts, newest))
    return ServiceProofs(service, old, new, proofs, is_withdrawn=False, not_rebuilt=_not_rebuilt(places, facts))


def _at(place: Place, facts: Facts) -> Sequence[OpenRun]:
    """Return what runs in a place's container now, or in the whole workload where that container is gone."""
    runs = facts.runs.get(workload_of(place), ())
    return [run for run in runs if run.container == place.container] or runs


def _not_rebuilt(places: Sequence[Place], facts: Facts) -> tuple[str, ...]:
    """Return what was found of the images of which nothing but that runs.

    Of one image is what ran under one digest, or in the same container of workloads of one name. Where nothing runs any
    more there is nothing to rebuild.
    """
    left: set[str] = set()
    for image in _images(places):
        runs = [run for place in image for run in _at(place, facts)]
        if runs and all(run.digest is None or _is_found(run, facts) for run in runs):
            left.update(place.digest for place in image)
    return tuple(sorted(left))


def _images(places: Sequence[Place]) -> Iterable[Sequence[Place]]:
    joined: dict[str | tuple[str, ...], str | tuple[str, ...]] = {}

    def first(name: str | tuple[str, ...]) -> str | tuple[str, ...]:
        while (before := joined.setdefault(name, name)) != name:
            joined[name] = name = joined[before]
        return name

    for place in places:
        joined[first(place.digest)] = first((place.kind, place.name, place.container))
    found: dict[str | tuple[str, ...], list[Place]] = {}
    for place in places:
        found.setdefault(first(place.digest), []).append(place)
    return found.values()


def _is_found(run: OpenRun, facts: Facts) -> bool:
    return run.digest in facts.found or not facts.found.isdisjoint(run.sure)


def _new_artifact(runs: Sequence[OpenRun], clean: Sequence[OpenRun]) -> Proven:
    verdict = _Verdict()
    for run in clean:
        verdict.add(ProofState.PROVEN, "runs", run.digest or "", Link("artifact", run.digest or ""))
    if not clean and any(run.digest is None for run in runs):
        verdict.add(ProofState.UNKNOWN, "digest_unknown")
    elif not clean:
        verdict.add(ProofState.MISSING, "only_what_was_found_runs" if runs else "nothing_runs_there")
    return verdict.proven(Proof.NEW_ARTIFACT)


def _sbom_clean(clean: Sequence[OpenRun], facts: Facts) -> Proven:
    verdict = _Verdict()
    for run in clean:
        about, sboms = run.digest or "", _sboms(run, facts)
        links = [Link("evidence", str(sbom.evidence)) for sbom in sboms]
        if not facts.found.isdisjoint(run.maybe):
            verdict.add(ProofState.UNKNOWN, "platform_unresolved", about, *links)
        elif not sboms:
            verdict.add(ProofState.MISSING, "no_sbom", about)
        elif not any(sbom.is_complete for sbom in sboms):
            verdict.add(ProofState.MISSING, "sbom_incomplete", about, *links)
        elif any(sbom.applied_at >= facts.data_as_of for sbom in sboms):
            verdict.add(ProofState.UNKNOWN, _NEWER, about, *links)
        else:
            verdict.add(ProofState.PROVEN, "no_match", about, *links)
    return _of_new(clean, verdict, Proof.SBOM_CLEAN)


def _sboms(run: OpenRun, facts: Facts) -> list[SbomOf]:
    return [sbom for artifact_id in run.sure_ids for sbom in facts.sboms.get(artifact_id, ())]


def _provenance_verified(clean: Sequence[OpenRun], facts: Facts) -> Proven:
    verdict = _Verdict()
    for run in clean:
        builds = [one for one in _builds(run, facts) if one.predicate == _PROVENANCE]
        expected = [one for one in builds if one.verdict == Verdict.VERIFIED_EXPECTED.value]
        about = run.digest or ""
        if expected:
            found = [_built_after(one, facts) for one in expected]
            state, code = min(found, key=lambda one: _WORST.index(one[0]))
        else:
            state, code = _not_expected(builds, "no_provenance")
        verdict.add(state, code, about, *_documents(expected or builds))
    return _of_new(clean, verdict, Proof.PROVENANCE_VERIFIED)


def _built_after(build: BuildOf, facts: Facts) -> tuple[ProofState, str]:
    """Judge a verified provenance: when it was built, and from what. The builder's times are its claim."""
    times = [at for at in (build.started_at, build.signed_at) if at is not None]
    if any(at < facts.fixed_at for at in times):
        return ProofState.MISSING, "built_before_fix"
    if not facts.found.isdisjoint(build.inputs):
        return ProofState.MISSING, "input_was_found"
    if not times:
        return ProofState.UNKNOWN, "time_unknown"
    if build.input_count == 0:
        return ProofState.UNKNOWN, "inputs_not_recorded"
    return ProofState.PROVEN, "built_after_fix"


def _not_expected(builds: Sequence[BuildOf], nothing: str) -> tuple[ProofState, str]:
    verdicts = {one.verdict for one in builds}
    if not verdicts:
        return ProofState.MISSING, nothing
    if Verdict.VERIFIED_UNEXPECTED.value in verdicts:
        return ProofState.MISSING, "not_as_expected"
    if Verdict.FAILED.value in verdicts:
        return ProofState.MISSING, "verification_failed"
    if Verdict.UNSUPPORTED.value in verdicts:
        return ProofState.UNKNOWN, "not_verified_yet"
    return ProofState.MISSING, "only_claimed"


def _signed(clean: Sequence[OpenRun], facts: Facts) -> Proven:
    verdict = _Verdict()
    for run in clean:
        builds = _builds(run, facts)
        expected = [one for one in builds if one.verdict == Verdict.VERIFIED_EXPECTED.value]
        state, code = (ProofState.PROVEN, "signed") if expected else _not_expected(builds, "not_signed")
        verdict.add(state, code, run.digest or "", *_documents(expected or builds))
    return _of_new(clean, verdict, Proof.SIGNED)


def _replaced(places: Iterable[Place], facts: Facts) -> Proven:
    verdict = _Verdict()
    for workload in sorted({workload_of(place) for place in places}):
        name = "/".join(workload)
        runs, state = facts.runs.get(workload, ()), facts.states.get(workload)
        links = [Link("evidence", str(run.evidence)) for run in runs]
        if any(_is_found(run, facts) for run in runs):
            verdict.add(ProofState.MISSING, "still_runs", name, *links)
        elif state is None or state.is_stale:
            verdict.add(ProofState.UNKNOWN, "cluster_silent", workload.cluster, *links)
        elif any(run.digest is None for run in runs):
            verdict.add(ProofState.UNKNOWN, "digest_unknown", name, *links)
        elif any(not facts.found.isdisjoint(run.maybe) for run in runs):
            verdict.add(ProofState.UNKNOWN, "platform_unresolved", name, *links)
        else:
            verdict.add(ProofState.PROVEN, "replaced" if runs else "gone", name, *links)
    return verdict.proven(Proof.REPLACED_EVERYWHERE)


def _rotated(service: IncidentService, old: Sequence[str], facts: Facts) -> Proven:
    """Hold a service to the credentials of its builds, and its team's of runs of which nothing that was found came.

    What such a run lost opens whatever the team has; whose it is nobody may be known to say, and then all wait for it.
    """
    verdict = _Verdict()
    exposed = [
        one
        for one in facts.credentials
        if not one.digests.isdisjoint(old)
        or (not one.digests and one.is_required and one.team in {None, service.team.slug})
    ]
    for one in exposed:
        if one.type == "unknown" and not one.is_sought:
            continue  # the one action for unknown builds stands for those alone that are sought
        action = facts.rotations.get(one.key)
        is_done = action is not None and action.state == ActionState.DONE.value
        links = [] if action is None else [Link("action", str(action.number))]
        if is_done:
            verdict.add(ProofState.PROVEN, "rotated", one.name, *links)
        elif action is not None:
            verdict.add(ProofState.MISSING, "rotation_open", one.name, *links)
        elif one.is_required:
            verdict.add(ProofState.MISSING, "rotation_not_begun", one.name)
        elif one.is_sought:
            for digest in sorted(one.digests.intersection(old)):
                verdict.add(ProofState.UNKNOWN, "build_not_known", digest)
    if not verdict.reasons:
        verdict.add(ProofState.PROVEN, "nothing_was_exposed" if exposed else "no_build_had_any")
    return verdict.proven(Proof.CREDENTIALS_ROTATED)


def _exported(facts: Facts, newest: datetime | None) -> Proven:
    verdict = _Verdict()
    if facts.exported_at is None:
        verdict.add(ProofState.MISSING, "not_exported")
    elif newest is not None and facts.exported_at < newest:
        verdict.add(ProofState.MISSING, "exported_before_newest_proof")
    else:
        verdict.add(ProofState.PROVEN, "exported")
    return verdict.proven(Proof.PACK_EXPORTED)


def _of_new(clean: Sequence[OpenRun], verdict: _Verdict, proof: Proof) -> Proven:
    if not clean:
        verdict.add(ProofState.MISSING, "no_new_artifact")
    return verdict.proven(proof)


def _builds(run: OpenRun, facts: Facts) -> Sequence[BuildOf]:
    return facts.builds.get(run.artifact_id, ()) if run.artifact_id is not None else ()


def _documents(builds: Iterable[BuildOf]) -> list[Link]:
    return [Link("evidence", str(one.evidence)) for one in builds if one.evidence is not None]


def _times(clean: Sequence[OpenRun], places: Iterable[Place], rotated: Proven, facts: Facts) -> Iterator[datetime]:
    """Yield when the evidence came that the other proofs rest on; of rotations those that this service waited for."""
    own = {link.ref for link in rotated.evidence}
    for run in clean:
        yield run.received_at
        yield from (sbom.received_at for sbom in _sboms(run, facts))
        yield from (build.received_at for build in _builds(run, facts))
    for place in places:
        state = facts.states.get(workload_of(place))
        if state is not None and state.last_ended_at is not None:
            yield state.last_ended_at
    for action in facts.rotations.values():
        if action.done_at is not None and str(action.number) in own:
            yield action.done_at
