"""What a CSAF document lets be asked for: packages, digests, and names that may be those of its products.

A document says which products are affected and which are fixed. What is below the lowest fixed version of a package is
affected; between two fixed versions it may be, for each line of a product has its own. What has no package's name is
looked for by the product of its CPE or by its own name, which is a guess; what has neither is counted, so that whoever
asks is told.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from inventory.formats.advisory import AdvisoryRecord, AffectedRecord
from inventory.formats.json_fields import Object, object_of, text_of, texts_of
from inventory.formats.timestamps import parse_timestamp
from inventory.formats.vex_records import VexStatus
from inventory.identity.cpes import read_cpe, release_named
from inventory.identity.ecosystems import canonical_namespace_of, read_release
from inventory.identity.products import BY_CPE, BY_DIGEST, BY_NAME
from inventory.identity.purls import PackageKey
from inventory.identity.versions import UnevaluableVersion, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inventory.formats.vex_records import VexProductRecord, VexStatementRecord

MOST_AFFECTED: Final = 20_000
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][\x21-\x7e]{0,254}")
_IS_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{2,254}")
"""What others may ask by: trackers' numbers and addresses stand among the ids of a vulnerability, too."""
_NAME: Final = re.compile(r"[A-Za-z0-9@][A-Za-z0-9._+@/-]*")
"""What may be the name of a package: a product's full name (`Shop Cart 3.1.0`) is none."""
_DIST_TAG: Final = re.compile(r"[.+]el(\d+)")
_DISTRIBUTIONS: Final = frozenset({"rpm", "deb", "apk"})
_NEVER_LISTED: Final = frozenset({"rpmmod"})
"""Types that no SBOM lists: streams of packages."""
_IMAGES: Final = frozenset({"oci", "docker"})
_FIXES: Final = frozenset({"fixed", "first_fixed"})
_TAKEN_BACK: Final = frozenset({"csaf_withdrawn", "csaf_superseded"})

UNDER_INVESTIGATION: Final = "its maker has not said yet whether it is affected"
BETWEEN_FIXES: Final = "it lies between two fixed versions, of which only one may be of its line"
NO_RELEASE: Final = "for which release of the distribution is not said"
UNORDERED: Final = "its fixed versions cannot be compared"
BY_NAME_ALONE: Final = "it has the name of the product, which may be another thing"


@dataclass(frozen=True, slots=True)
class _Target:
    """What products are looked for by: a package of a release, a digest, a CPE's product, or a name."""

    kind: str
    name: str
    key: PackageKey | None = None
    release: str = ""


@dataclass(slots=True)
class _Said:
    """What the document says of one target."""

    versions: dict[str, None] = field(default_factory=dict)
    ranges: dict[str, None] = field(default_factory=dict)
    fixed: dict[str, None] = field(default_factory=dict)
    every_version: bool = False


def advisory_of(document: Object, statements: Sequence[VexStatementRecord]) -> AdvisoryRecord | None:
    """Return the document as an advisory, with what its statements let be looked for; None without usable id."""
    head = object_of(document, "document")
    tracking = object_of(head, "tracking")
    identifier = text_of(tracking, "id")
    if not _IDENTIFIER.fullmatch(identifier):
        return None
    names = {name for statement in statements for name in (statement.vulnerability, *statement.aliases)}
    affected, total = _affected(statements)
    current = parse_timestamp(tracking.get("current_release_date"))
    return AdvisoryRecord(
        source=source_of(object_of(head, "publisher")),
        identifier=identifier,
        affected=tuple(affected),
        affected_count=total,
        summary=text_of(head, "title"),
        severity=text_of(object_of(head, "aggregate_severity"), "text"),
        aliases=tuple(one for one in texts_of(tracking, "aliases") if 0 < len(one) < 256),
        upstream=tuple(sorted(name for name in names if _IS_ID.fullmatch(name) and name.upper() != identifier.upper())),
        modified_at=current,
        published_at=parse_timestamp(tracking.get("initial_release_date")),
        withdrawn_at=current if text_of(head, "category") in _TAKEN_BACK else None,
    )


def source_of(publisher: Object) -> str:
    """Return whose document it is. Several publishers have one of the same CVE: none of them may hide another's."""
    namespace = text_of(publisher, "namespace") or text_of(publisher, "name")
    return f"csaf:{namespace.partition('://')[2].strip('/') or namespace}"[:255]


def _affected(statements: Sequence[VexStatementRecord]) -> tuple[list[AffectedRecord], int]:
    sure: dict[_Target, _Said] = {}
    doubtful: dict[_Target, _Said] = {}
    for statement in statements:
        groups = _groups(statement, sure=sure, doubtful=doubtful)
        for product in statement.products if groups is not None else ():
            for target, version, version_range in _targets(product):
                said = (sure if groups is None else groups).setdefault(target, _Said())
                _note(said, statement, version=version, version_range=version_range)
    found = [entry for target, said in sure.items() for entry in _entries(target, said)]
    found += [
        _entry(target, said, doubt=UNDER_INVESTIGATION) for target, said in doubtful.items() if target not in sure
    ]
    return found[:MOST_AFFECTED], len(found)


def _groups(
    statement: VexStatementRecord, *, sure: dict[_Target, _Said], doubtful: dict[_Target, _Said]
) -> dict[_Target, _Said] | None:
    if statement.status is VexStatus.UNDER_INVESTIGATION:
        return doubtful
    is_fix = statement.status is VexStatus.FIXED and statement.status_given in _FIXES
    return sure if statement.status is VexStatus.AFFECTED or is_fix else None


def _note(said: _Said, statement: VexStatementRecord, *, version: str, version_range: str) -> None:
    if statement.status is VexStatus.FIXED:
        if version:
            said.fixed[version] = None
    elif version_range:
        said.ranges[version_range] = None
    elif version:
        said.versions[version] = None
    else:
        said.every_version = True


def _targets(product: VexProductRecord) -> Iterator[tuple[_Target, str, str]]:
    """Yield what a product is looked for by, with its version and range of versions."""
    own = () if product.platform and product.purl is None and product.digest is None else (product,)
    for one in (*own, *product.subcomponents):
        yield from _target(one, platform=product.platform or product.cpe)


def _target(product: VexProductRecord, *, platform: str) -> Iterator[tuple[_Target, str, str]]:
    purl = product.purl
    if product.digest is not None:
        yield _Target(BY_DIGEST, product.given), str(product.digest), ""
    if purl is not None and purl.type not in _NEVER_LISTED | _IMAGES:
        key = PackageKey(purl.key.type, canonical_namespace_of(purl.key.type, purl.key.namespace), purl.key.name)
        target = _Target("", f"{purl.namespace}/{purl.name}".lstrip("/"), key, _release(product, platform=platform))
        yield target, purl.version, product.version_range
    elif product.digest is None and (cpe := read_cpe(product.cpe)) is not None and not product.platform:
        yield _Target(BY_CPE, product.cpe), cpe.version, product.version_range
    elif product.digest is None and purl is None:
        kind = BY_NAME if _NAME.fullmatch(product.given) else ""
        yield _Target(kind, product.given), "", product.version_range
    elif product.digest is None:
        yield _Target("", product.given), "", ""


def _release(product: VexProductRecord, *, platform: str) -> str:
    purl = product.purl
    if purl is None or purl.type not in _DISTRIBUTIONS:
        return ""
    tag = _DIST_TAG.search(purl.version) if purl.namespace == "redhat" else None
    distro = read_release(dict(purl.qualifiers).get("distro", ""))
    return distro or release_named(platform) or (f"rhel-{tag[1]}" if tag else "")


def _entries(target: _Target, said: _Said) -> Iterator[AffectedRecord]:
    """Yield the entries of one target: what is meant, and what only may be."""
    if target.kind in (BY_CPE, BY_NAME):
        yield _entry(target, said, doubt=BY_NAME_ALONE)
        return
    if target.key is None:
        if said.versions or said.ranges or said.every_version:
            yield _entry(target, said)
        else:
            # What came before a fixed image has another digest, and nobody tells which.
            yield AffectedRecord(ecosystem="", name=target.name, key=None)
        return
    doubt = NO_RELEASE if target.key.type in _DISTRIBUTIONS and not target.release else ""
    fixes = _in_order(target.key.type, said.fixed)
    if fixes is None:
        yield _entry(target, _Said(every_version=True), doubt=UNORDERED)
        fixes = []
    if fixes or said.versions or said.ranges or said.every_version:
        yield _entry(target, said, fixes=fixes[:1], doubt=doubt)
    between = [f">{low}, <{high}" for low, high in pairwise(fixes)]
    if between:
        yield _entry(target, _Said(ranges=dict.fromkeys(between)), doubt=BETWEEN_FIXES)


def _entry(target: _Target, said: _Said, *, fixes: Sequence[str] = (), doubt: str = "") -> AffectedRecord:
    ranges: list[Object] = [{"type": "NATIVE", "range": text} for text in said.ranges]
    ranges += [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]} for version in fixes]
    if target.key is None:
        ranges += [{"type": "NATIVE", "range": f"<{version}"} for version in said.fixed]
    if said.every_version:
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]
    return AffectedRecord(
        ecosystem=target.kind or ("" if target.key is None else target.key.type),
        name=target.name[:1024],
        key=target.key,
        release=target.release,
        versions=() if said.every_version else tuple(said.versions),
        ranges=json.dumps(ranges, separators=(",", ":")) if ranges else "",
        doubt=doubt,
    )


def _in_order(purl_type: str, versions: dict[str, None]) -> list[str] | None:
    """Return versions from low to high; None where one of them has no place in the order."""
    try:
        return sorted(versions, key=lambda version: sort_key(purl_type, version))
    except UnevaluableVersion:
        return None
