"""The SLSA build level of what an attestation is about, with why it is that and what the next one needs.

Looked up by who signed and which builder it names, never taken from what a payload says of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.records import Predicate
from inventory.formats.attestations.summaries import build_levels, source_level
from inventory.identity.repositories import is_same_repository
from inventory.trust.expectations import Reason, compare
from inventory.trust.outcomes import Outcome
from inventory.trust.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.trust.expectations import SignerRule
    from inventory.trust.facts import Proven, Stated

HIGHEST: Final = 3
_PAIR: Final = frozenset({"issuer", "identity", "identity_pattern", "key_fingerprint", "builder_id"})
_NEEDS: Final = {
    Outcome.UNSIGNED: "needs_signature",
    Outcome.UNSUPPORTED: "needs_verifiable_signature",
    Outcome.VALID: "needs_trusted_signer",
}


@dataclass(frozen=True, slots=True)
class Level:
    """A build level of 0 to 3. `reasons` are codes: why it is this, then `needs_…` for what the next one lacks."""

    level: int
    reasons: tuple[str, ...]


def level_of(proven: Proven, stated: Stated, *, rule: SignerRule | None, is_compromised: bool) -> Level:
    """Return the level of one attestation; `rule` is the accepted signer in force whose signature it carries."""
    if stated.predicate is Predicate.VERIFICATION_SUMMARY:
        return _of_summary(proven, stated, rule=rule, is_compromised=is_compromised)
    if stated.predicate is not Predicate.PROVENANCE:
        return Level(0, ("not_provenance", "needs_provenance"))
    if proven.outcome is Outcome.FAILED:
        return Level(0, ("signature_failed", "needs_valid_signature"))
    if is_compromised:
        return Level(0, ("signer_compromised", "needs_new_build"))
    missing = _missing_fields(stated)
    if missing:
        return Level(0, ("provenance_incomplete", *missing))
    if rule is None or proven.outcome is not Outcome.VALID or not is_pair(rule, proven, stated):
        return Level(1, ("claimed", _NEEDS[proven.outcome]))
    return _of_builder(rule)


def is_pair(rule: SignerRule, proven: Proven, stated: Stated) -> bool:
    """Tell whether an attestation is of a signer, and by the builder that this signer is trusted for."""
    return all(found.reason is None for found in compare(rule, proven, stated) if found.name in _PAIR | {"signer"})


def accepted_summary(stated: Stated, rule: SignerRule) -> Reason | None:
    """Say why a verification summary is not accepted; None where it is.

    It says that its verifier passed this resource: the verifier must be the one that the signer is trusted for, and
    the resource the one that is expected. One of a source revision needs no build level, and gives none.
    """
    found = stated.summary or {}
    levels = build_levels(found)
    if found.get("result") != "PASSED":
        return Reason("vsa_not_passed", "PASSED", found.get("result", ""))
    if "builder_id" not in rule.expected or found.get("verifier") != rule.expected["builder_id"]:
        return Reason("vsa_verifier", _text(rule, "builder_id"), found.get("verifier", ""))
    if source_level(found) is not None:
        return _accepted_revision(found, rule)
    if not found.get("resource") or not _is_of(found["resource"], _text(rule, "repository")):
        return Reason("vsa_resource", _text(rule, "repository"), found.get("resource", ""))
    if len(levels) != 1:
        return Reason("vsa_levels", "one build level", found.get("levels", ""))
    return None


def _accepted_revision(found: Mapping[str, str], rule: SignerRule) -> Reason | None:
    """Hold a summary of a source revision to the repository itself, and to a branch that the signer is trusted for."""
    if not is_same_repository(found.get("resource", ""), _text(rule, "repository")):
        return Reason("vsa_resource", _text(rule, "repository"), found.get("resource", ""))
    expected, refs = _text(rule, "ref_pattern"), found.get("refs", "")
    if not any(matches(expected, ref) for ref in refs.split()):
        return Reason("vsa_refs", expected or "a ref", refs)
    return None


def _of_builder(rule: SignerRule) -> Level:
    level = max(1, min(rule.maximum_level, HIGHEST))
    return Level(level, ("trusted_builder", *(() if level == HIGHEST else ("needs_stronger_builder",))))


def _of_summary(proven: Proven, stated: Stated, *, rule: SignerRule | None, is_compromised: bool) -> Level:
    if proven.outcome is not Outcome.VALID or is_compromised or rule is None:
        return Level(0, ("vsa_not_verified", "needs_trusted_signer"))
    refused = accepted_summary(stated, rule)
    if refused is not None:
        return Level(0, (refused.code, "needs_accepted_vsa"))
    if source_level(stated.summary or {}) is not None:
        return Level(0, ("vsa_source",))
    [level] = build_levels(stated.summary or {})
    return Level(min(level, rule.maximum_level, HIGHEST), ("vsa",))


def _missing_fields(stated: Stated) -> tuple[str, ...]:
    found: Mapping[str, bool] = {
        "needs_builder_id": bool(stated.builder_id),
        "needs_build_type": bool(stated.build_type),
        "needs_parameters": stated.has_parameters,
    }
    return tuple(code for code, is_there in found.items() if not is_there)


def _is_of(resource: str, expected: str) -> bool:
    """Tell whether a resource is the expected one, or lies below it."""
    bare, wanted = (text.partition("://")[2] or text for text in (resource, expected))
    return bool(wanted) and (bare == wanted or bare.startswith((f"{wanted}@", f"{wanted}:", f"{wanted}/")))


def _text(rule: SignerRule, name: str) -> str:
    found = rule.expected.get(name, "")
    return found if isinstance(found, str) else ""
