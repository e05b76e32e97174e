"""Which predicate a type names, and the few facts of each that a person is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.parts import items, members, text
from inventory.formats.attestations.records import Predicate

if TYPE_CHECKING:
    from inventory.formats.attestations.parts import Members
    from inventory.formats.strict_json import Json

_MAX_FACTS: Final = 40
_MAX_TEXT: Final = 500

_TYPES: Final = tuple(
    (re.compile(pattern), predicate)
    for pattern, predicate in (
        (r"https://slsa\.dev/provenance/(v0\.1|v0\.2|v1|v1\.0|v1\.0\?draft|v1\.1|v1\.2)", Predicate.PROVENANCE),
        (r"https://slsa\.dev/verification_summary/(v0\.1|v0\.2|v1|v1\.1|v1\.2)", Predicate.VERIFICATION_SUMMARY),
        (r"https://in-toto\.io/attestation/vulns(/v0\.[12])?", Predicate.VULNERABILITIES),
        (r"https://(cosign\.sigstore\.dev|sigstore\.dev)/attestation/vuln/v1", Predicate.VULNERABILITIES),
        (r"https://in-toto\.io/attestation/test-result(/v0\.1)?", Predicate.TEST_RESULT),
        (r"https://in-toto\.io/attestation/release(/v0\.[12])?", Predicate.RELEASE),
        (r"https://in-toto\.io/attestation/link/v0\.3|https://in-toto\.io/Link/.+", Predicate.LINK),
        (r"https://in-toto\.io/attestation/scai(/.*)?", Predicate.SCAI),
        (r"https://in-toto\.io/attestation/reference(/v0\.1)?", Predicate.REFERENCE),
        (r"https://in-toto\.io/attestation/runtime-trace(/v0\.1)?", Predicate.RUNTIME_TRACE),
        (r"https://in-toto\.io/attestation/svr(/v0\.[12])?", Predicate.SIMPLE_VERIFICATION),
        (r"(https://)?cosign\.sigstore\.dev/attestation/v1", Predicate.COSIGN_CUSTOM),
        (r"https://openvex\.dev/ns(/v\d+\.\d+\.\d+)?", Predicate.OPENVEX),
        (r"https://github\.com/npm/attestation/tree/main/specs/publish/v0\.1", Predicate.NPM_PUBLISH),
        # Not by its whole host: no file here names a package registry's, lest an installer is pointed at one.
        (r"https://docs\.pypi\.\w{3}/attestations/publish/v1", Predicate.PYPI_PUBLISH),
        (r"https?://spdx\.dev/Document(/v[\d.]+)?", Predicate.SPDX),
        (r"https?://cyclonedx\.org/(bom|schema)(/v?[\d.]+)?", Predicate.CYCLONEDX),
    )
)

_Facts = tuple[tuple[str, str], ...]
_FACTS: Final[dict[Predicate, _Facts]] = {
    Predicate.VERIFICATION_SUMMARY: (
        ("verifier", "verifier.id"),
        ("result", "verificationResult"),
        ("result", "verification_result"),
        ("levels", "verifiedLevels"),
        ("levels", "policy_level"),
        ("resource", "resourceUri"),
        ("policy", "policy.uri"),
        ("time", "timeVerified"),
    ),
    Predicate.VULNERABILITIES: (
        ("scanner", "scanner.uri"),
        ("scanner_version", "scanner.version"),
        ("database", "scanner.db.uri"),
        ("finding_count", "scanner.result[]"),
        ("time", "metadata.scanFinishedOn"),
    ),
    Predicate.TEST_RESULT: (
        ("result", "result"),
        ("url", "url"),
        ("passed_count", "passedTests#"),
        ("warned_count", "warnedTests#"),
        ("failed_count", "failedTests#"),
    ),
    Predicate.RELEASE: (("purl", "purl"), ("release", "releaseId"), ("package", "packageId")),
    Predicate.LINK: (
        ("name", "name"),
        ("command", "command"),
        ("material_count", "materials#"),
        ("product_count", "products#"),
    ),
    Predicate.SCAI: (("attribute", "attributes.*.attribute"), ("producer", "producer.uri")),
    Predicate.REFERENCE: (("attester", "attester.id"), ("reference", "references.*.downloadLocation")),
    Predicate.RUNTIME_TRACE: (("monitor", "monitor.type"), ("process_count", "monitorLog.process#")),
    Predicate.SIMPLE_VERIFICATION: (
        ("verifier", "verifier.id"),
        ("property", "properties"),
        ("policy", "policy.uri"),
        ("time", "timeCreated"),
    ),
    Predicate.COSIGN_CUSTOM: (("time", "Timestamp"),),
    Predicate.OPENVEX: (("author", "author"), ("statement_count", "statements#"), ("time", "timestamp")),
    Predicate.NPM_PUBLISH: (("name", "name"), ("version", "version"), ("registry", "registry")),
}
"""(name, path): `#` counts, `[]` counts an array alone, `*` goes through an array. They are shown as
claims, and filtered by nowhere."""


def predicate_of(predicate_type: str) -> Predicate:
    """Return what a predicate type names; UNKNOWN is stored like the others."""
    return next((found for pattern, found in _TYPES if pattern.fullmatch(predicate_type)), Predicate.UNKNOWN)


def facts_of(predicate: Predicate, content: Members) -> tuple[tuple[str, str], ...]:
    """Return what a predicate says in a few lines: (name, text), bounded."""
    found = [
        (name, shown[:_MAX_TEXT])
        for name, path in _FACTS.get(predicate, ())
        for shown in _texts(content, path)
        if shown
    ]
    return tuple(dict.fromkeys(found))[:_MAX_FACTS]


def _texts(content: Json | Members, path: str) -> list[str]:
    step, _, rest = path.partition(".")
    if step == "*":
        return [shown for item in items(content)[:_MAX_FACTS] for shown in _texts(item, rest)]
    if rest:
        return (
            _texts(members(members(content).get(step)), rest)
            if not rest.startswith("*")
            else _texts(members(content).get(step), rest)
        )
    if step.endswith("#"):
        value = members(content).get(step[:-1])
        return [str(len(value))] if isinstance(value, list | dict) else []
    if step.endswith("[]"):  # cosign puts the scanner's own report, an object, where in-toto lists findings
        value = members(content).get(step[:-2])
        return [str(len(value))] if isinstance(value, list) else []
    value = members(content).get(step)
    if isinstance(value, list):
        return [" ".join(item for item in value[:_MAX_FACTS] if isinstance(item, str))]
    return [text(members(content), step)]
