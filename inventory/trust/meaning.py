"""Steps 9, 10 and 13: what the verified bytes say, read from those very bytes, and held to the certificate.

A payload that cannot be read is a failure, whatever its signature (CVE-2026-39395: the error was swallowed).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.envelopes import SIMPLE_SIGNING, read_payload
from inventory.formats.attestations.open_statement import Statement, Tools, read_statement
from inventory.formats.attestations.sbom_inside import DocumentReader
from inventory.formats.attestations.statement import STATEMENT_TYPES
from inventory.formats.defects import Defects
from inventory.formats.limits import DEFAULT_LIMITS
from inventory.formats.records import FormatError
from inventory.trust.comparisons import Comparison, require_unforged
from inventory.trust.evaluation import Step, UnsupportedError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.identity.digests import Digest
    from inventory.trust.evaluation import Evaluation

_PAYLOAD_TYPES: Final = re.compile(r"application/vnd\.in-toto(\.[a-z0-9][a-z0-9.+-]*)?\+json")
_KNOWN_TYPES: Final = STATEMENT_TYPES | {"link", ""}
"""'' is of cosign's payload, which is no statement."""
_OF_SUBJECT: Final = frozenset({"bad_subject", "too_many_subjects"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a valid signature vouches for: these digests, and of a statement what it says of them."""

    digests: frozenset[Digest]
    statement: Statement | None = None
    comparisons: tuple[Comparison, ...] = ()


def understand(evaluation: Evaluation, *, read_document: DocumentReader) -> Meaning | None:
    """Read what was verified, and note the steps; None where the evaluation stopped, here or before."""
    if evaluation.code:
        return None
    if evaluation.digests:
        evaluation.passed(Step.SUBJECT)
        return Meaning(frozenset(evaluation.digests))
    try:
        statement = _statement(evaluation, read_document=read_document)
        comparisons = _held_to_the_certificate(statement, evaluation)
    except VerificationError as error:
        evaluation.stop(error)
        return None
    digests = frozenset(digest for subject in statement.subjects for digest in subject.digests)
    return Meaning(digests, statement, comparisons)


def _statement(evaluation: Evaluation, *, read_document: DocumentReader) -> Statement:
    tools = Tools(DEFAULT_LIMITS, Defects(), read_document)
    if evaluation.payload_type == SIMPLE_SIGNING:
        return _read(evaluation, lambda: read_payload(evaluation.payload, pointer="", tools=tools))
    if not _PAYLOAD_TYPES.fullmatch(evaluation.payload_type):
        message = f"What was signed is {evaluation.payload_type[:80]!r}, no statement."
        raise VerificationError(Step.PAYLOAD, "payload_type", message)
    return _read(evaluation, lambda: read_statement(evaluation.payload, pointer="", is_signed=True, tools=tools))


def _read(evaluation: Evaluation, read: Callable[[], Statement]) -> Statement:
    try:
        statement = read()
    except FormatError as error:
        if error.code in _OF_SUBJECT:
            evaluation.passed(Step.PAYLOAD)
            raise VerificationError(Step.SUBJECT, "bad_subject", error.message) from error
        raise VerificationError(Step.PAYLOAD, "payload_unparseable", f"{error.code}: {error.message}") from error
    if statement.statement_type not in _KNOWN_TYPES:
        message = f"A statement of type {statement.statement_type[:80]!r} is kept and shown, and never judged."
        raise UnsupportedError(Step.PAYLOAD, "statement_unsupported", message)
    evaluation.passed(Step.PAYLOAD)
    evaluation.passed(Step.SUBJECT)
    return statement


def _held_to_the_certificate(statement: Statement, evaluation: Evaluation) -> tuple[Comparison, ...]:
    if statement.provenance is None or evaluation.claims is None:
        evaluation.not_checked.append(Step.CLAIMS)
        return ()
    rows = require_unforged(statement.provenance, evaluation.claims)
    evaluation.passed(Step.CLAIMS)
    return rows
