"""Reads OpenSSF Scorecard's JSON: the checks of version 2, with scores, or the findings of its probes."""

from __future__ import annotations

from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.posture.fields import LONGEST_PATH, LONGEST_TEXT, Members, parse_posture
from inventory.formats.posture.records import CheckRecord, FindingRecord, Level, PostureRecord
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8
from inventory.identity.repositories import canonical_repository, repository_on

_BEST: Final = 10
_INCONCLUSIVE: Final = -1
_DEFAULT_HOST: Final = "github.com"
_OUTCOMES: Final = {"True": Level.NOTE, "False": Level.NOTE}
"""A probe says what is there; whether that is good depends on the probe, so neither is a defect. All else is `none`."""


def read_scorecard(text: Utf8, *, limits: Limits) -> PostureRecord:
    """Read one result. Raises FormatError `wrong_shape`, `too_many_records`, and the codes of strict JSON."""
    body = parse_posture(text, limits=limits)
    if not isinstance(body, dict):
        raise FormatError("wrong_shape", "A scorecard is an object.")
    defects = Defects()
    members = Members(body, pointer="", defects=defects)
    record = PostureRecord("scorecard", "", tool="scorecard", observed_at=members.time("date"))
    _read_about(members, record)
    record.score = _total(members, defects=defects)
    for check in members.objects("checks"):
        _add_check(check, record, defects=defects)
    for finding in members.objects("findings"):
        _add_finding(finding, record, defects=defects)
    if len(record.checks) + len(record.findings) > limits.components:
        raise FormatError("too_many_records", f"The scorecard has more than {limits.components} checks.")
    record.warnings = defects.warnings()
    return record


def _read_about(members: Members, record: PostureRecord) -> None:
    repository, scorecard = members.inner("repo"), members.inner("scorecard")
    if repository is not None:
        name = repository.text("name", longest=LONGEST_PATH)
        record.repository = canonical_repository(name) or repository_on(_DEFAULT_HOST, name) or ""
        record.commit = repository.text("commit").lower()[:64]
    if scorecard is not None:
        record.tool_version = scorecard.text("version")


def _total(members: Members, *, defects: Defects) -> float | None:
    """Return the aggregate score; -1 says that no check came to one."""
    score = members.number("score")
    if score is None or score == _INCONCLUSIVE:
        return None
    if 0 <= score <= _BEST:
        return float(score)
    defects.add("bad_score", "/score", f"A score is from 0 to {_BEST}, got {score}; taken as absent.")
    return None


def _add_check(check: Members, record: PostureRecord, *, defects: Defects) -> None:
    name, score = check.text("name"), check.whole("score")
    if not name:
        record.rejected_count += 1
        defects.add("missing_field", check.pointer + "/name", "The check has no name; not read.")
        return
    if score is not None and not _INCONCLUSIVE <= score <= _BEST:
        defects.add("bad_score", check.pointer + "/score", f"A score is from 0 to {_BEST}, got {score}; unknown.")
        score = None
    known = None if score == _INCONCLUSIVE else score
    record.checks.append(CheckRecord(name, known, check.text("reason", longest=LONGEST_TEXT), check.pointer))


def _add_finding(finding: Members, record: PostureRecord, *, defects: Defects) -> None:
    probe, outcome = finding.text("probe"), finding.text("outcome")
    if not probe:
        record.rejected_count += 1
        defects.add("missing_field", finding.pointer + "/probe", "The finding has no probe; not read.")
        return
    place = finding.inner("location")
    record.findings.append(
        FindingRecord(
            rule=probe,
            level=_OUTCOMES.get(outcome, Level.NONE),
            message=f"{outcome}: {finding.text('message', longest=LONGEST_TEXT)}"[:LONGEST_TEXT],
            path=place.text("path", longest=LONGEST_PATH) if place else "",
            line=place.whole("lineStart") if place else None,
            is_suppressed=False,
            pointer=finding.pointer,
        )
    )
