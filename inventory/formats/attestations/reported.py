"""Reads what other tools say that they verified: gh, cosign, policy-controller. Never more than their word.

`gh attestation verify --format json` hands the bundles out as well, which are verified by us; `cosign verify` prints
the payloads that it found signed, and by whom; policy-controller which authority of a policy matched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from inventory.formats.attestations.parts import items, members, parse_part, place, text
from inventory.formats.attestations.records import MAX_REPORTED_LEVEL, AttestationsRecord, ReportedRecord
from inventory.formats.attestations.sources import parse_source
from inventory.formats.attestations.statement import split_digests
from inventory.formats.json_parts import array_items, first_byte, object_members
from inventory.formats.records import FormatError
from inventory.formats.strict_json import bad_string, parse_text
from inventory.identity.digests import DigestError, parse_digest

if TYPE_CHECKING:
    from inventory.formats.attestations.parts import Members
    from inventory.formats.detected import Detected
    from inventory.formats.limits import Limits
    from inventory.formats.text import Utf8

MAX_REPORTS: Final = 1_000
_TOOL: Final = "policy-controller"


def read_reports(text_: Utf8, *, limits: Limits) -> list[ReportedRecord]:
    """Read what tools say of the items of a document of theirs, in its order; nothing of any other document."""
    found: list[ReportedRecord] = []
    for item in _items(text_):
        report = _read(item, limits=limits)
        if report is not None:
            found.append(report)
    return found[:MAX_REPORTS]


def _items(text_: Utf8) -> Iterator[_Item]:
    """Yield the objects of an array, of lines, or the one that the document is; what is none is passed over."""
    data = text_.data.strip()
    if data.startswith(b"["):
        for index, raw in enumerate(array_items(msgspec.Raw(data), pointer="")):
            if first_byte(raw) == "{":
                yield _Item(object_members(raw, pointer=place("", index)), place("", index))
        return
    lines = [line for line in data.split(b"\n") if line.strip()]
    if len(lines) > 1 and all(line.strip().startswith(b"{") and line.strip().endswith(b"}") for line in lines):
        for index, line in enumerate(lines):
            with suppress(FormatError):
                yield _Item(object_members(msgspec.Raw(line.strip()), pointer=place("", index)), place("", index))
        return
    yield _Item(object_members(msgspec.Raw(data), pointer=""), "")


@dataclass(frozen=True, slots=True)
class _Item:
    parts: Mapping[str, msgspec.Raw]
    pointer: str


def _read(item: _Item, *, limits: Limits) -> ReportedRecord | None:
    if {"attestation", "verificationResult"} <= item.parts.keys():
        return _read_gh(item.parts, pointer=item.pointer, limits=limits)
    if {"critical", "optional"} <= item.parts.keys():
        return _read_cosign(item.parts, pointer=item.pointer, limits=limits)
    return None


def _read_gh(parts: Mapping[str, msgspec.Raw], *, pointer: str, limits: Limits) -> ReportedRecord | None:
    """Read one item of `gh attestation verify --format json`; it prints those that passed."""
    here = place(pointer, "verificationResult")
    found = members(parse_part(parts.get("verificationResult"), pointer=here, limits=limits))
    certificate = members(members(found.get("signature")).get("certificate"))
    statement = members(found.get("statement"))
    digests = tuple(
        digest
        for subject in items(statement.get("subject"))
        for digest in split_digests(members(subject).get("digest"))[0]
    )
    if not digests or not certificate:
        return None
    predicate_type = text(statement, "predicateType")[:512]
    return ReportedRecord(
        tool="gh",
        digests=digests[:1],
        pointer=here,
        passed=True,
        predicate_type=predicate_type,
        issuer=text(certificate, "issuer")[:1_024],
        identity=text(certificate, "subjectAlternativeName")[:2_048],
        builder_id=text(certificate, "buildSignerURI")[:2_048],
        repository=parse_source(text(certificate, "sourceRepositoryURI")).repository[:1_024],
        level=MAX_REPORTED_LEVEL if "slsa.dev/provenance/" in predicate_type else None,
    )


def _read_cosign(parts: Mapping[str, msgspec.Raw], *, pointer: str, limits: Limits) -> ReportedRecord | None:
    """Read one payload that `cosign verify` printed; None for a payload that nobody says to have verified."""
    critical = members(parse_part(parts.get("critical"), pointer=place(pointer, "critical"), limits=limits))
    optional = members(parse_part(parts.get("optional"), pointer=place(pointer, "optional"), limits=limits))
    if not ({"Subject", "Issuer"} <= optional.keys() or "Bundle" in optional):
        return None
    try:
        digest = parse_digest(text(critical, "image", "docker-manifest-digest"))
    except DigestError:
        return None
    return ReportedRecord(
        tool="cosign",
        digests=(digest,),
        pointer=pointer,
        passed=True,
        issuer=text(optional, "Issuer")[:1_024],
        identity=text(optional, "Subject")[:2_048],
    )


def read_policy_controller(text_: Utf8, detected: Detected, *, limits: Limits) -> AttestationsRecord:
    """Read the result of policy-controller's policy-tester: which authority found which signatures and attestations.

    Raises FormatError: the codes of strict JSON, `wrong_shape` where it tells of nothing.
    """
    body = parse_text(text_, limits=limits)
    unfit = bad_string(body, limits=limits)
    if unfit is not None:
        raise FormatError(unfit.code, "The document holds a string that cannot be stored.", pointer=unfit.pointer)
    reports = list(_of_policy(members(body)))[:MAX_REPORTS]
    if not reports:
        raise FormatError("wrong_shape", "It tells of no signature, attestation or error.", pointer="/authorityMatches")
    return AttestationsRecord(detected.format, detected.format_version, [], reports=reports)


def _of_policy(body: Members) -> Iterator[ReportedRecord]:
    result = members(body.get("result")) or body
    failed = bool(body.get("errors"))
    matches = members(result.get("authorityMatches"))
    for authority, value in matches.items():
        here = place("", *(("result",) if "result" in body else ()), "authorityMatches", authority)
        match = members(value)
        yield from _matched(items(match.get("signatures")), pointer=place(here, "signatures"), failed=failed)
        for name, found in members(match.get("attestations")).items():
            yield from _matched(items(found), pointer=place(here, "attestations", name), failed=failed)
    if failed and not matches:
        yield ReportedRecord(_TOOL, (), "/errors", passed=False)


def _matched(found: object, *, pointer: str, failed: bool) -> Iterator[ReportedRecord]:
    for index, item in enumerate(items(found)):
        signature = members(item)
        repository = text(signature, "githubWorkflowRepo") or text(signature, "githubWorkflowRepository")
        yield ReportedRecord(
            tool=_TOOL,
            digests=(),
            pointer=place(pointer, index),
            passed=not failed,
            issuer=text(signature, "issuer")[:1_024],
            identity=text(signature, "subject")[:2_048],
            repository=f"github.com/{repository.lower()}"[:1_024] if repository else "",
            predicate_type=text(signature, "predicateType")[:512],
        )
