"""Steps 11, 12 and 14: what somebody who trusts a signer expects of it, each expectation held to what was proven.

Every expectation that is configured is looked at, or the signature is not what was expected: elsewhere identity flags
were ignored on one path and not on another (CVE-2022-36056, Kyverno's CVE-2025-29778).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.records import Predicate
from inventory.identity.repositories import canonical_repository
from inventory.trust.evaluation import Step
from inventory.trust.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from inventory.trust.facts import Proven, Stated

Expected = str | frozenset[str]


class SignerState(enum.StrEnum):
    """Where a signer stands in the registry."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class SignerRule:
    """One trusted signer. `expected` are its configured expectations by name, and no others; ends are half-open."""

    id: int
    state: SignerState
    expected: Mapping[str, Expected]
    maximum_level: int = 0
    team_id: int | None = None
    """Whose attestations it is for; None: the whole organisation's."""
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One difference: what was expected, and what was found there."""

    code: str
    expected: str = ""
    found: str = ""

    def as_row(self) -> list[str]:
        """Return it as it is stored."""
        return [self.code, self.expected[:1_024], self.found[:1_024]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One expectation, looked at. `reason` is None where it is met."""

    name: str
    step: Step
    reason: Reason | None


def compare(rule: SignerRule, proven: Proven, stated: Stated) -> tuple[Comparison, ...]:
    """Hold a signature to each expectation of a signer; one that nobody can look at is not met."""
    made = [_compared(name, expected, rule, proven, stated) for name, expected in rule.expected.items()]
    if not _names_a_signer(rule):
        made.append(
            Comparison("signer", Step.IDENTITY, Reason("identity_mismatch", "an issuer and identity, or a key"))
        )
    return tuple(made)


def require_predicate(asked: Predicate, stated: Stated) -> Reason | None:
    """Hold a statement to the predicate that a rule asks for: another statement of the same signer proves nothing."""
    if stated.predicate is asked:
        return None
    return Reason("predicate_mismatch", asked.value, stated.predicate.value)


def is_in_force(rule: SignerRule, at: datetime) -> bool:
    """Tell whether a signer was to be believed at an instant."""
    return (rule.valid_from is None or rule.valid_from <= at) and (rule.valid_to is None or at < rule.valid_to)


def _compared(name: str, expected: Expected, rule: SignerRule, proven: Proven, stated: Stated) -> Comparison:
    step = Step.IDENTITY if name in _IDENTITY else Step.EXPECTATIONS
    check = _CHECKS.get(name)
    if check is None:
        return Comparison(name, step, Reason("unknown_expectation", name))
    if name in _OF_PROVENANCE:
        mismatch = require_predicate(Predicate.PROVENANCE, stated)
        if mismatch is not None:
            return Comparison(name, Step.PREDICATE, mismatch)
    return Comparison(name, step, check(expected, rule, proven, stated))


def _names_a_signer(rule: SignerRule) -> bool:
    named = rule.expected.keys()
    return "key_fingerprint" in named or ("issuer" in named and bool({"identity", "identity_pattern"} & named))


def _issuer(expected: Expected, _rule: SignerRule, proven: Proven, _stated: Stated) -> Reason | None:
    return _unless(proven.issuer == expected, "identity_mismatch", expected, proven.issuer)


def _identity(expected: Expected, _rule: SignerRule, proven: Proven, _stated: Stated) -> Reason | None:
    return _unless(bool(expected) and proven.identity == expected, "identity_mismatch", expected, proven.identity)


def _identity_pattern(expected: Expected, _rule: SignerRule, proven: Proven, _stated: Stated) -> Reason | None:
    met = bool(proven.identity) and matches(_text(expected), proven.identity)
    return _unless(met, "identity_mismatch", expected, proven.identity)


def _key(expected: Expected, _rule: SignerRule, proven: Proven, _stated: Stated) -> Reason | None:
    met = proven.is_bare_key and proven.key_fingerprint == expected
    return _unless(met, "identity_mismatch", expected, proven.key_fingerprint)


def _builder(expected: Expected, _rule: SignerRule, proven: Proven, stated: Stated) -> Reason | None:
    """Compare the builder that a statement names (step 13 held it to the certificate), else the certificate's."""
    found = stated.builder_id or proven.builder_id
    return _unless(bool(found) and found == expected, "unexpected_builder", expected, found)


def _repository(expected: Expected, rule: SignerRule, proven: Proven, stated: Stated) -> Reason | None:
    """Compare the repository. Renamed, it keeps its number: then its new name is no difference."""
    found = proven.repository or stated.repository
    if proven.repository_id and proven.repository_id == rule.expected.get("repository_id"):
        return None
    met = bool(found) and _canonical(found) == _canonical(_text(expected))
    return _unless(met, "unexpected_repository", expected, found)


def _repository_id(expected: Expected, _rule: SignerRule, proven: Proven, _stated: Stated) -> Reason | None:
    """Compare the number, which a name that was registered again does not have."""
    return _unless(proven.repository_id == expected, "unexpected_repository_id", expected, proven.repository_id)


def _owner_id(expected: Expected, _rule: SignerRule, proven: Proven, _stated: Stated) -> Reason | None:
    return _unless(proven.owner_id == expected, "unexpected_owner", expected, proven.owner_id)


def _ref(expected: Expected, _rule: SignerRule, proven: Proven, stated: Stated) -> Reason | None:
    found = proven.ref or stated.ref
    return _unless(bool(found) and matches(_text(expected), found), "unexpected_ref", expected, found)


def _workflow(expected: Expected, _rule: SignerRule, proven: Proven, stated: Stated) -> Reason | None:
    found = proven.workflow or stated.workflow
    return _unless(bool(found) and found == expected, "unexpected_workflow", expected, found)


def _build_type(expected: Expected, _rule: SignerRule, _proven: Proven, stated: Stated) -> Reason | None:
    return _unless(stated.build_type == expected, "unexpected_build_type", expected, stated.build_type)


def _runner(expected: Expected, _rule: SignerRule, proven: Proven, stated: Stated) -> Reason | None:
    found = proven.runner or stated.runner
    return _unless(bool(found) and found == expected, "unexpected_runner", expected, found)


def _events(expected: Expected, _rule: SignerRule, proven: Proven, stated: Stated) -> Reason | None:
    found = proven.event or stated.event
    return _unless(bool(found) and found in _names(expected), "unexpected_event", expected, found)


def _parameters(expected: Expected, _rule: SignerRule, _proven: Proven, stated: Stated) -> Reason | None:
    """Hold the parameters to a closed set of names: each one is somebody's way to change the build."""
    if stated.parameters is None:
        return Reason("unexpected_parameter", _shown(expected), "not known")
    others = stated.parameters - _names(expected)
    return _unless(not others, "unexpected_parameter", expected, " ".join(sorted(others)))


_IDENTITY: Final = frozenset({"issuer", "identity", "identity_pattern", "key_fingerprint"})
_OF_PROVENANCE: Final = frozenset({"build_type", "parameters"})
"""What provenance alone can meet: a signer of whom it is expected vouches by provenance, and by nothing else."""
_CHECKS: Final[Mapping[str, Callable[[Expected, SignerRule, Proven, Stated], Reason | None]]] = {
    "issuer": _issuer,
    "identity": _identity,
    "identity_pattern": _identity_pattern,
    "key_fingerprint": _key,
    "builder_id": _builder,
    "repository": _repository,
    "repository_id": _repository_id,
    "owner_id": _owner_id,
    "ref_pattern": _ref,
    "workflow_path": _workflow,
    "build_type": _build_type,
    "runner": _runner,
    "events": _events,
    "parameters": _parameters,
}
EXPECTATIONS: Final = frozenset(_CHECKS)
"""The names of all expectations there are."""


def _unless(met: bool, code: str, expected: Expected, found: str) -> Reason | None:  # noqa: FBT001  # reads as a sentence
    return None if met else Reason(code, _shown(expected), found)


def _canonical(repository: str) -> str:
    return (canonical_repository(repository) or repository).lower()


def _text(expected: Expected) -> str:
    return expected if isinstance(expected, str) else ""


def _names(expected: Expected) -> frozenset[str]:
    return expected if isinstance(expected, frozenset) else frozenset()


def _shown(expected: Expected) -> str:
    return expected if isinstance(expected, str) else " ".join(sorted(expected))
