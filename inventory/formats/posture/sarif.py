"""Reads SARIF 2.1.0 (OASIS): what zizmor, Scorecard and other scanners found, rule by rule, with places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.posture.fields import LONGEST_PATH, LONGEST_TEXT, Members, parse_posture
from inventory.formats.posture.records import FindingRecord, Level, PostureRecord
from inventory.formats.records import FormatError
from inventory.formats.text import Utf8
from inventory.identity.repositories import canonical_repository

_LEVELS: Final = {level.value: level for level in Level}
_NOT_A_FAILURE: Final = frozenset({"pass", "notApplicable", "informational", "open", "review"})
"""Values of `kind` (3.27.9) whose level is `none` unless the result says otherwise."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules of one run, by their place in the tool's list and by name, with the levels they begin with."""

    names: tuple[str, ...]
    levels: Mapping[str, Level]


def read_sarif(text: Utf8, *, limits: Limits) -> PostureRecord:
    """Read all runs of a log. Raises FormatError `wrong_shape`, `too_many_records`, and the codes of strict JSON.

    The tool is the first run's; a run of another tool is told, and its findings are read all the same.
    """
    body = parse_posture(text, limits=limits)
    if not isinstance(body, dict) or not isinstance(body.get("runs"), list):
        raise FormatError("wrong_shape", "A SARIF log is an object with an array `runs`.", pointer="/runs")
    defects = Defects()
    log = Members(body, pointer="", defects=defects)
    record = PostureRecord("sarif", log.text("version"))
    for run in log.objects("runs"):
        _read_run(run, record, defects=defects, limits=limits)
    record.warnings = defects.warnings()
    return record


def _read_run(run: Members, record: PostureRecord, *, defects: Defects, limits: Limits) -> None:
    tool = run.inner("tool")
    driver = tool.inner("driver") if tool else None
    name = driver.text("name").lower() if driver else ""
    if not record.tool:
        record.tool = name
        record.tool_version = (driver.text("semanticVersion") or driver.text("version")) if driver else ""
    elif name != record.tool:
        defects.add("several_tools", run.pointer, f"This run is of {name[:60] or 'an unnamed tool'}.")
    _read_origin(run, record)
    rules = _rules(driver)
    for result in run.objects("results"):
        if len(record.findings) >= limits.components:
            raise FormatError("too_many_records", f"The log has more than {limits.components} results.")
        _add_result(result, rules, record, defects=defects)


def _read_origin(run: Members, record: PostureRecord) -> None:
    """Take the repository and commit of the first run that says them (3.14.13)."""
    for origin in run.objects("versionControlProvenance"):
        repository = canonical_repository(origin.text("repositoryUri", longest=LONGEST_PATH))
        if repository and not record.repository:
            record.repository, record.commit = repository, origin.text("revisionId").lower()[:64]
    for invocation in run.objects("invocations"):
        record.observed_at = record.observed_at or invocation.time("endTimeUtc") or invocation.time("startTimeUtc")


def _rules(driver: Members | None) -> _Rules:
    names, levels = [], {}
    for rule in driver.objects("rules") if driver else ():
        name, defaults = rule.text("id"), rule.inner("defaultConfiguration")
        names.append(name)
        level = _LEVELS.get(defaults.text("level")) if defaults else None
        if level is not None:
            levels[name] = level
    return _Rules(tuple(names), levels)


def _add_result(result: Members, rules: _Rules, record: PostureRecord, *, defects: Defects) -> None:
    rule = _rule_of(result, rules)
    if not rule:
        record.rejected_count += 1
        defects.add("missing_field", result.pointer + "/ruleId", "The result names no rule; not read.")
        return
    message = result.inner("message")
    path, line = next(_places(result), ("", None))
    record.findings.append(
        FindingRecord(
            rule=rule,
            level=_level_of(result, rules.levels.get(rule)),
            message=message.text("text", longest=LONGEST_TEXT) if message else "",
            path=path,
            line=line,
            is_suppressed=_is_suppressed(result),
            pointer=result.pointer,
        )
    )


def _rule_of(result: Members, rules: _Rules) -> str:
    """Return the rule's id, which may stand beside the result or be its place in the tool's list (3.27.5-7)."""
    reference = result.inner("rule")
    name = result.text("ruleId") or (reference.text("id") if reference else "")
    index = result.whole("ruleIndex")
    if index is None and reference is not None:
        index = reference.whole("index")
    if not name and index is not None and 0 <= index < len(rules.names):
        return rules.names[index]
    return name


def _level_of(result: Members, default: Level | None) -> Level:
    """Return the level as section 3.27.10 has it: the result's, none for what is no failure, the rule's, a warning."""
    stated = _LEVELS.get(result.text("level"))
    if stated is not None:
        return stated
    if result.text("kind") in _NOT_A_FAILURE:
        return Level.NONE
    return default or Level.WARNING


def _is_suppressed(result: Members) -> bool:
    """Tell whether somebody accepted it: a suppression that is neither refused nor waiting (3.35.3)."""
    return any(item.text("status") in {"", "accepted"} for item in result.objects("suppressions"))


def _places(result: Members) -> Iterator[tuple[str, int | None]]:
    for location in result.objects("locations"):
        physical = location.inner("physicalLocation")
        file = physical.inner("artifactLocation") if physical else None
        region = physical.inner("region") if physical else None
        yield (file.text("uri", longest=LONGEST_PATH) if file else ""), (region.whole("startLine") if region else None)
