"""D17: take each comparison of the verifier away, one at a time: a test must fail every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Final

from tests.drills import exchange
from tests.drills.findings import DrillError, Findings
from tests.drills.processes import CHECKOUT

_PROCESSES: Final = 2
_WHOLE: Final = "nothing"
"""The first question: the tests pass while nothing is taken away."""
_SUMMARIES: Final = "inventory.formats.attestations.summaries"
_TESTS: Final = ("verdict", "times", "envelopes", "bundles", "comparisons", "meaning", "source_summaries")
_TESTS_OF: Final = {
    **dict.fromkeys(("expectations", "patterns", "facts", "compromise"), ("verdict",)),
    **dict.fromkeys(("verdict", "level", _SUMMARIES), ("verdict", "source_summaries")),
    "times": ("times", "bundles"),
    **dict.fromkeys(("keys", "cosign", "envelopes"), ("envelopes",)),
}
"""Where another file's tests could not see it; others are held to all."""


_OVER_ENVELOPE: Final = "check_bytes(key, content.signature, pae(content.payload_type, content.payload))"
_WHOLE_RESOURCE: Final = 'bare == wanted or bare.startswith((f"{wanted}@", f"{wanted}:", f"{wanted}/"))'
_OVER_DIGEST: Final = "check_digest(key, content.signature, content.digest, algorithm=content.algorithm)"
_REPOSITORY: Final = 'if not is_same_repository(found.get("resource", ""), _text(rule, "repository")):'
_VALID_LOG: Final = "next((log for log in named if log.is_valid_at(at)), None)"


@dataclass(frozen=True, slots=True)
class Options:
    pass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One comparison, and what stands in its place when it is taken away."""

    name: str
    file: str
    text: str
    instead: str

    @property
    def module(self) -> str:
        return self.file if "." in self.file else f"inventory.trust.{self.file}"


MUTATIONS: Final = (
    Mutation("one signature", "material", "if len(signatures) != 1:", "if not signatures:"),
    Mutation("envelope or message", "material", "if (envelope is None) == (message is None):", "if False:"),
    Mutation("certificate or key", "material", "if bool(certificate) == (", "if False and ("),
    Mutation("no chain from 0.3 on", "material", "if version not in _CHAIN_ALLOWED and", "if False and"),
    Mutation("log entries counted", "material", "most=MAX_LOG_ENTRIES", "most=10**9"),
    Mutation("a proven time", "times", "    if not times:\n", "    if False:\n"),
    Mutation("time not in the future", "times", "if max(times) > now + CLOCK_SKEW:", "if False:"),
    Mutation("promise signs the entry", "times", "log.keyring.verify(", "dict("),
    Mutation("promise signs the time", "times", '"integratedTime": entry.integrated_at,', '"integratedTime": 0,'),
    Mutation("kinds with a promised time", "times", "if (entry.kind, entry.version) not in _PROMISED:", "if False:"),
    Mutation("log valid then", "times", _VALID_LOG, "named[0]"),
    Mutation("certificate valid then", "chains", "if not certificate.not_valid_before_utc <= at", "if False and at"),
    Mutation("authority valid then", "chains", "if not authority.is_valid_at(at):", "if False:"),
    Mutation("known issuer", "chains", "if certificate.issuer not in issuers:", "if False:"),
    Mutation("certificate log's stamp", "chains", "verify_sct(certificate, chain, valid.keyring)", "pass"),
    Mutation("certificate log valid then", "chains", _VALID_LOG, "named[0]"),
    Mutation("an entry is asked for", "logs", "    if not entries:\n", "    if False:\n"),
    Mutation("a proof is asked for", "logs", "if version != _PROMISE_IS_ENOUGH or not entry.promise:", "if False:"),
    Mutation("entry inside of the tree", "logs", "if proof.log_index >= proof.tree_size:", "if False:"),
    Mutation("path to the root hash", "logs", "verify_merkle_inclusion(whole)", "pass"),
    Mutation("signed checkpoint", "logs", "verify_checkpoint(log.keyring, whole)", "pass"),
    Mutation("bodies at all", "bundles", "check_bodies(material.entries, content=content, ", "dict("),
    Mutation("body's own kind", "log_bodies", 'if body.get("kind") != entry.kind or', "if False and"),
    Mutation("any compared value", "log_bodies", "if not ours or ours != theirs:", "if False:"),
    Mutation("signature over the content", "signatures", "if not _is_over_bytes(key, signature, data):", "if False:"),
    Mutation("payload's type", "meaning", "if not _PAYLOAD_TYPES.fullmatch(evaluation.payload_type):", "if False:"),
    Mutation("stopped stays stopped", "meaning", "    if evaluation.code:\n        return None\n", ""),
    Mutation(
        "payload against certificate", "meaning", "require_unforged(statement.provenance, evaluation.claims)", "()"
    ),
    Mutation("a contradiction is a failure", "comparisons", "if row.binding is Binding.CONTRADICTED:", "if False:"),
    Mutation("the same run", "comparisons", "ours[2] == theirs[2] and ", ""),
    Mutation("one identity", "claims", "if len(found) != 1 or not found[0]:", "if not found:"),
    Mutation("surprise is a failure", "bundles", "        return evaluation.stop(reason)\n", "        pass\n"),
    Mutation("known authority first", "bundles", "    require_known_issuer(certificate, root=root)\n", ""),
    Mutation("key's signature over an envelope", "keys", _OVER_ENVELOPE, "pass"),
    Mutation("what was signed plainly", "bundles", "check_bytes(key, content.signature, content.payload)", "pass"),
    Mutation("what was signed as a digest", "bundles", _OVER_DIGEST, "pass"),
    Mutation("a key that is named must sign", "keys", "    for key in named:\n        _check(key, material)\n", ""),
    Mutation("one key is one signer", "keys", "return frozenset(found", "return tuple(found"),
    Mutation("only valid ones sign", "keys", "if not found.code and found.key_fingerprint", "if True"),
    Mutation("predicate asked for", "expectations", "    if stated.predicate is asked:\n", "    if True:\n"),
    Mutation("unknown expectation", "expectations", 'Reason("unknown_expectation", name))', "None)"),
    Mutation("a rule names a signer", "expectations", "    if not _names_a_signer(rule):\n", "    if False:\n"),
    Mutation("issuer", "expectations", "proven.issuer == expected,", "True,"),
    Mutation("identity", "expectations", "bool(expected) and proven.identity == expected,", "True,"),
    Mutation(
        "identity by pattern",
        "expectations",
        "bool(proven.identity) and matches(_text(expected), proven.identity)",
        "True",
    ),
    Mutation("whole pattern", "patterns", ".fullmatch(text)", ".search(text)"),
    Mutation("slow patterns", "patterns", "if repeats and is_inside:", "if False:"),
    Mutation("registered key", "expectations", "and proven.key_fingerprint == expected", ""),
    Mutation("a bare key is bare", "facts", "and not self.identity", ""),
    Mutation("builder", "expectations", 'found == expected, "unexpected_builder"', 'True, "unexpected_builder"'),
    Mutation("repository", "expectations", "_canonical(found) == _canonical(_text(expected))", "True"),
    Mutation("repository's number", "expectations", "proven.repository_id == expected,", "True,"),
    Mutation("owner", "expectations", "proven.owner_id == expected,", "True,"),
    Mutation("ref", "expectations", "matches(_text(expected), found),", "True,"),
    Mutation("workflow", "expectations", 'found == expected, "unexpected_workflow"', 'True, "unexpected_workflow"'),
    Mutation("build type", "expectations", "stated.build_type == expected,", "True,"),
    Mutation("runner", "expectations", 'found == expected, "unexpected_runner"', 'True, "unexpected_runner"'),
    Mutation("event", "expectations", "found in _names(expected),", "True,"),
    Mutation(
        "parameters",
        "expectations",
        "    others = stated.parameters - _names(expected)\n",
        "    others = frozenset()\n",
    ),
    Mutation("parameters that are not known", "expectations", "    if stated.parameters is None:\n", "    if False:\n"),
    Mutation("signer from when", "expectations", "rule.valid_from <= at)", "True)"),
    Mutation("signer until when", "expectations", "at < rule.valid_to)", "True)"),
    Mutation("signer accepted", "verdict", "if rule.state is not SignerState.ACCEPTED:", "if False:"),
    Mutation("signer in force", "verdict", "    if not is_in_force(rule, at):\n", "    if False:\n"),
    Mutation("signer of this team", "verdict", " if rule.team_id in {None, team_id}]", "]"),
    Mutation(
        "what is not valid is no pass", "verdict", "    if proven.outcome is not Outcome.VALID:\n", "    if False:\n"
    ),
    Mutation("a difference is unexpected", "verdict", "    if tried.reasons:\n", "    if False:\n"),
    Mutation("compromise", "verdict", "    if window is not None:\n", "    if False:\n"),
    Mutation("compromise from when", "compromise", "window.since <= at and", ""),
    Mutation("compromise until when", "compromise", "at < window.until", "True"),
    Mutation("compromise without a time", "compromise", "at is None or", "at is not None and"),
    Mutation("compromise by name", "compromise", "_plain(value or window.value) in {", "not {"),
    Mutation("VSA passed", "level", 'if found.get("result") != "PASSED":', "if False:"),
    Mutation("VSA's verifier", "level", 'found.get("verifier") != rule.expected["builder_id"]', "False"),
    Mutation("VSA's resource", "level", 'not _is_of(found["resource"], _text(rule, "repository"))', "False"),
    Mutation("VSA's levels", "level", "    if len(levels) != 1:\n", "    if not levels:\n"),
    Mutation("level of a pair", "level", " or not is_pair(rule, proven, stated)", ""),
    Mutation(
        "level of what is valid", "level", "rule is None or proven.outcome is not Outcome.VALID or", "rule is None or"
    ),
    Mutation("level of a failure", "level", "    if proven.outcome is Outcome.FAILED:\n", "    if False:\n"),
    Mutation("level of the compromised", "level", "    if is_compromised:\n", "    if False:\n"),
    Mutation("a signer's highest level", "level", "min(rule.maximum_level, HIGHEST))", "HIGHEST)"),
    Mutation("stamp of the authority", "times", "authority.is_valid_at(at) and _is_stamp_of(", "_is_stamp_of("),
    Mutation(
        "stamp over the signature",
        "times",
        "return bool(builder.build().verify_message(response, signature))",
        "return True",
    ),
    Mutation("compromise of one issuer", "compromise", "if window.issuer and proven.issuer and", "if False and"),
    Mutation("VSA's resource to its end", "level", _WHOLE_RESOURCE, "bare.startswith(wanted)"),
    Mutation(
        "VSA of what is valid", "level", "is not Outcome.VALID or is_compromised or", "is None or is_compromised or"
    ),
    Mutation("VSA of the compromised", "level", " or is_compromised or rule is None:", " or rule is None:"),
    Mutation("signatures counted", "envelopes", "if len(listed) > MAX_SIGNATURES:", "if False:"),
    Mutation("the payload that cosign signed", "envelopes", "    if not signed.beside:\n", "    if False:\n"),
    Mutation("cosign's numbers", "cosign", " or not 0 <= found < 2**63:", ":"),
    Mutation("revision's repository", "level", _REPOSITORY, "if False:"),
    Mutation("revision's branch", "level", "if not any(matches(expected, ref) for ref in refs.split()):", "if False:"),
    Mutation("revision gives no build level", "level", 'return Level(0, ("vsa_source",))', "pass"),
    Mutation("revision is of a commit", _SUMMARIES, 'not summary.get("commit") or ', ""),
    Mutation("revision is of no build", _SUMMARIES, " or build_levels(summary):", ":"),
    Mutation("revision's one level", _SUMMARIES, "found[0] if len(found) == 1 else None", "max(found, default=None)"),
    Mutation("revision's whole level", _SUMMARIES, "_SOURCE.fullmatch(word)", "_SOURCE.match(word)"),
    Mutation("a level that is no review", _SUMMARIES, "source_level(summary) == _OF_TWO_PARTIES or", "True or"),
    Mutation("the same stamp twice", "times", "if len(set(timestamps)) != len(timestamps):", "if False:"),
)


def run(_options: Options) -> Findings:
    """Take the comparisons away, one at a time, and count the tests that saw it."""
    findings = Findings()
    outcomes = _outcomes()
    if outcomes.pop(_WHOLE) != exchange.MISSED:
        raise DrillError("the tests fail before anything was taken away")
    for mutation in MUTATIONS:
        outcome = outcomes[mutation.name]
        if outcome == exchange.NOT_EXCHANGED:
            raise DrillError(
                f"{mutation.name}: no function of {mutation.file}.py has its text, or its tests did not end"
            )
        findings.require(outcome == exchange.SEEN, f"nobody misses: {mutation.name}")
    findings.note(f"{len(MUTATIONS)} comparisons taken away, one at a time")
    return findings


def _outcomes() -> dict[str, str]:
    """Return what came of each mutation; two processes share them, each loads the verifier once."""
    asked = [_question(Mutation(_WHOLE, "", "", ""), _TESTS), *(_question(one, _tests_of(one)) for one in MUTATIONS)]
    with ThreadPoolExecutor(_PROCESSES) as pool:
        answers = pool.map(_ask, [asked[place::_PROCESSES] for place in range(_PROCESSES)])
    return {answer["name"]: answer["outcome"] for part in answers for answer in part}


def _question(mutation: Mutation, names: Iterable[str]) -> str:
    tests = [f"tests/inventory/trust/test_{name}.py" for name in names]
    return json.dumps({**asdict(mutation), "module": mutation.module, "tests": tests})


def _tests_of(mutation: Mutation) -> tuple[str, ...]:
    return _TESTS_OF.get(mutation.file, ("bundles", "comparisons", "meaning", "envelopes", "times"))


def _ask(questions: list[str]) -> list[dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-B", "-m", "tests.drills.exchange"],
        input="\n".join(questions),
        cwd=CHECKOUT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if len(found) != len(questions):
        raise DrillError(f"the tests of the verifier ended early, after {len(found)} of {len(questions)}")
    return found
