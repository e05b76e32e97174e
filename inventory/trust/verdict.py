"""The judgement over one signature: steps 11, 12, 14 and 15 over what steps 1 to 10 and 13 proved.

No policy is no pass: without an accepted signer the best is `verified_unexpected`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.attestations.records import Predicate
from inventory.formats.attestations.summaries import source_level
from inventory.trust.compromise import CompromiseWindow, find_compromise
from inventory.trust.evaluation import Step
from inventory.trust.expectations import Comparison, Reason, SignerRule, SignerState, compare, is_in_force
from inventory.trust.level import Level, accepted_summary, level_of
from inventory.trust.outcomes import Outcome, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from inventory.trust.facts import Proven, Stated

_UNPROVEN = {
    Outcome.UNSIGNED: Verdict.UNSIGNED_CLAIM,
    Outcome.FAILED: Verdict.FAILED,
    Outcome.UNSUPPORTED: Verdict.UNSUPPORTED,
}
_NO_LEVEL = Level(0, ())
_JUDGED = (Step.PREDICATE, Step.IDENTITY, Step.EXPECTATIONS, Step.COMPROMISE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What may be believed of one signature, and why not more. `steps` are those of 11 to 15 that passed."""

    verdict: Verdict
    steps: tuple[Step, ...] = ()
    stopped_at: Step | None = None
    code: str = ""
    reasons: tuple[Reason, ...] = ()
    signer_id: int | None = None
    level: Level = _NO_LEVEL


@dataclass(frozen=True, slots=True)
class Trust:
    """What the organisation trusts now, and what it knows to have been in other hands."""

    signers: Sequence[SignerRule]
    compromises: Sequence[CompromiseWindow]


def judge(proven: Proven, stated: Stated, *, trust: Trust, team_id: int, now: datetime) -> Judgement:
    """Judge one signature by what is trusted. Positive evidence alone makes `verified_expected`."""
    if proven.outcome is not Outcome.VALID:
        level = level_of(proven, stated, rule=None, is_compromised=False)
        return Judgement(_UNPROVEN[proven.outcome], code=proven.code, level=level)
    window = find_compromise(proven, stated, windows=trust.compromises)
    if window is not None:
        return _compromised(window, proven, stated)
    at = proven.signed_at or now
    tried = [_try(rule, proven, stated, at=at) for rule in trust.signers if rule.team_id in {None, team_id}]
    return _of_signer(_closest(tried), proven, stated)


@dataclass(frozen=True, slots=True)
class _Tried:
    """One signer, held to a signature."""

    rule: SignerRule
    comparisons: Sequence[Comparison]
    standing: Reason | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        unmet = [found.reason for found in self.comparisons if found.reason is not None]
        return tuple(dict.fromkeys([*unmet, *([self.standing] if self.standing else [])]))

    @property
    def is_identified(self) -> bool:
        return all(found.reason is None for found in self.comparisons if found.step is Step.IDENTITY)

    @property
    def distance(self) -> tuple[bool, bool, int, int]:
        return (not self.is_identified, self.standing is not None, len(self.reasons), self.rule.id)


def _try(rule: SignerRule, proven: Proven, stated: Stated, *, at: datetime) -> _Tried:
    comparisons = list(compare(rule, proven, stated))
    if stated.predicate is Predicate.VERIFICATION_SUMMARY:
        apart = {"builder_id", "repository"} | ({"ref_pattern"} if source_level(stated.summary or {}) else set())
        comparisons = [found for found in comparisons if found.name not in apart]
        comparisons.append(Comparison("summary", Step.EXPECTATIONS, accepted_summary(stated, rule)))
    return _Tried(rule, comparisons, _standing(rule, at=at))


def _standing(rule: SignerRule, *, at: datetime) -> Reason | None:
    if rule.state is not SignerState.ACCEPTED:
        return Reason(f"signer_{rule.state.value}", SignerState.ACCEPTED.value, rule.state.value)
    if not is_in_force(rule, at):
        return Reason("signer_not_in_force", _period(rule), at.isoformat())
    return None


def _closest(tried: Iterable[_Tried]) -> _Tried | None:
    """Return the signer that a signature is nearest to: of those it is by, else of those that share its source."""
    near = [one for one in tried if one.is_identified or _shares_source(one)]
    return min(near, key=lambda one: one.distance, default=None)


def _shares_source(tried: _Tried) -> bool:
    met = {found.name for found in tried.comparisons if found.reason is None}
    return bool({"repository", "repository_id"} & met)


def _of_signer(tried: _Tried | None, proven: Proven, stated: Stated) -> Judgement:
    if tried is None:
        unknown = Reason("signer_unknown", "", proven.identity or proven.key_fingerprint)
        level = level_of(proven, stated, rule=None, is_compromised=False)
        return Judgement(Verdict.VERIFIED_UNEXPECTED, (), Step.IDENTITY, unknown.code, reasons=(unknown,), level=level)
    trusted = tried.rule if tried.is_identified and tried.standing is None else None
    level = level_of(proven, stated, rule=trusted, is_compromised=False)
    if tried.reasons:
        stopped = _first_unmet(tried)
        passed = tuple(step for step in _JUDGED if step < stopped)
        verdict = Verdict.VERIFIED_UNEXPECTED
        return Judgement(verdict, passed, stopped, tried.reasons[0].code, tried.reasons, tried.rule.id, level)
    code = "" if proven.signed_at is not None else "time_unknown"
    return Judgement(Verdict.VERIFIED_EXPECTED, _JUDGED, None, code, (), tried.rule.id, level)


def _first_unmet(tried: _Tried) -> Step:
    unmet = [found.step for found in tried.comparisons if found.reason is not None]
    return min(unmet, default=Step.IDENTITY)


def _compromised(window: CompromiseWindow, proven: Proven, stated: Stated) -> Judgement:
    when = proven.signed_at.isoformat() if proven.signed_at else "no proven time"
    reason = Reason("identity_compromised", f"{window.kind.value} never declared bad", f"{window.value} at {when}")
    level = level_of(proven, stated, rule=None, is_compromised=True)
    return Judgement(Verdict.FAILED, (), Step.COMPROMISE, reason.code, (reason,), level=level)


def _period(rule: SignerRule) -> str:
    ends = (rule.valid_from, rule.valid_to)
    return " to ".join("" if end is None else end.isoformat() for end in ends).strip()
