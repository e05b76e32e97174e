"""An indicator of a list as the columns that keep it, and back. What was read is what is asked for later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from inventory.identity.indicators import Indicator, IndicatorKind, PackageName
from inventory.identity.versions import parse_range

if TYPE_CHECKING:
    from inventory.identity.versions import VersionRange

LIST_SOURCE: Final = "list"
"""What stands where an advisory has the letters of its database."""
LIST_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")
"""What a list may be called: one word, so that a line of a question can name it, and no version, which is a package."""
LONGEST_GIVEN = 2_000
_LONGEST_VALUE = 2_048


class ListedRow(Struct, frozen=True):
    """One row of a list; see ListedIndicator."""

    line: int
    kind: str
    given: str
    type: str
    namespace_key: str
    any_namespace: bool
    name_key: str
    versions: list[str]
    version_range: str
    value: str
    details: dict[str, Any]


def list_identifier(name: str) -> str:
    """Return the id by which a list is kept and asked for, among those of advisories."""
    return f"{LIST_SOURCE}:{name}"


def row_of(indicator: Indicator) -> ListedRow:
    """Return the row that keeps an indicator."""
    package = indicator.package or PackageName("", "", "")
    pairs = {"details": indicator.details, "qualifiers": indicator.qualifiers}
    texts = {"problem": indicator.problem, "tag": indicator.image_tag}
    return ListedRow(
        line=indicator.line or 0,
        kind=indicator.kind.value,
        given=indicator.given[:LONGEST_GIVEN],
        type=package.type,
        namespace_key=package.namespace or "",
        any_namespace=package.namespace is None,
        name_key=package.name,
        versions=list(indicator.versions),
        version_range=indicator.range_text or (indicator.range.canonical if indicator.range is not None else ""),
        value=_value(indicator)[:_LONGEST_VALUE],
        details={
            **{name: [list(pair) for pair in found] for name, found in pairs.items() if found},
            **{name: text for name, text in texts.items() if text},
        },
    )


def indicator_of(row: ListedRow) -> Indicator:
    """Return the indicator that a row keeps. Its line is the list's."""
    kind = IndicatorKind(row.kind)
    is_package, is_hash = kind is IndicatorKind.PACKAGE, kind is IndicatorKind.HASH
    algorithm, _, value = row.value.partition(":")
    return Indicator(
        kind,
        row.given,
        row.line,
        package=PackageName(row.type, _namespace(row), row.name_key) if is_package else None,
        purl=(row.value or None) if is_package else None,
        versions=tuple(row.versions),
        range=_range(row),
        range_text=None if row.type else row.version_range or None,
        qualifiers=_pairs(row, "qualifiers"),
        digest=row.value if kind is IndicatorKind.ARTIFACT else None,
        image_name=row.value if kind is IndicatorKind.IMAGE else None,
        image_tag=row.details.get("tag"),
        algorithm=algorithm if is_hash else None,
        value=value if is_hash else None,
        details=_pairs(row, "details"),
        problem=row.details.get("problem"),
    )


def _value(indicator: Indicator) -> str:
    match indicator.kind:
        case IndicatorKind.PACKAGE:
            return indicator.purl or ""
        case IndicatorKind.ARTIFACT:
            return indicator.digest or ""
        case IndicatorKind.IMAGE:
            return indicator.image_name or ""
        case IndicatorKind.HASH:
            return f"{indicator.algorithm}:{indicator.value}"
    return dict(indicator.details).get("id", "")


def _namespace(row: ListedRow) -> str | None:
    return None if row.any_namespace else row.namespace_key


def _range(row: ListedRow) -> VersionRange | None:
    return parse_range(row.type, row.version_range) if row.type and row.version_range else None


def _pairs(row: ListedRow, name: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(key), str(value)) for key, value in row.details.get(name, ()))
