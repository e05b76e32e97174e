"""Reads what guards branches and tags: GitHub's answers about branch protection and about rulesets.

Shapes are those of GitHub's REST API: `GET /repos/{owner}/{repo}/branches/{branch}/protection`, and one ruleset or a
list of them (`GET /repos/{owner}/{repo}/rulesets`, whose entries have no rules: those stay unknown).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from inventory.formats.defects import Defects
from inventory.formats.limits import Limits
from inventory.formats.posture.fields import LONGEST_PATH, Members, parse_posture
from inventory.formats.posture.records import PostureRecord, RefKind, RefRulesRecord
from inventory.formats.records import FormatError
from inventory.formats.strict_json import Json
from inventory.formats.text import Utf8
from inventory.identity.repositories import repository_on

_ADDRESS: Final = re.compile(r"(?:/api/v3)?/repos/([^/]+/[^/]+)/branches/(.+)/protection")
_KINDS: Final = {"branch": RefKind.BRANCH, "tag": RefKind.TAG}


def read_branch_protection(text: Utf8, *, limits: Limits) -> PostureRecord:
    """Read one branch's protection. Raises FormatError `wrong_shape`, `missing_field`, and the codes of strict JSON.

    The repository and branch stand in `url` alone.
    """
    body = parse_posture(text, limits=limits)
    if not isinstance(body, dict):
        raise FormatError("wrong_shape", "A branch protection is an object.")
    defects = Defects()
    members = Members(body, pointer="", defects=defects)
    host, repository, branch = _named(members)
    record = PostureRecord("github-branch-protection", "", tool=host, repository=repository)
    record.rules.append(_protection(members, branch))
    record.warnings = defects.warnings()
    return record


def read_rulesets(text: Utf8, *, limits: Limits) -> PostureRecord:
    """Read one ruleset or a list. Raises FormatError `wrong_shape`, `too_many_records`, the codes of strict JSON."""
    body = parse_posture(text, limits=limits)
    listed: list[tuple[Json, str]] = (
        [(item, f"/{index}") for index, item in enumerate(body)] if isinstance(body, list) else [(body, "")]
    )
    if len(listed) > limits.components:
        raise FormatError("too_many_records", f"The list has more than {limits.components} rulesets.")
    defects = Defects()
    record = PostureRecord("github-ruleset", "", tool="github.com")
    for item, pointer in listed:
        if isinstance(item, dict):
            _add_ruleset(Members(item, pointer=pointer, defects=defects), record, defects=defects)
        else:
            record.rejected_count += 1
            defects.add("wrong_type", pointer, "A ruleset is an object; not read.")
    record.warnings = defects.warnings()
    return record


def _named(members: Members) -> tuple[str, str, str]:
    address = urlsplit(members.text("url", longest=LONGEST_PATH))
    match = _ADDRESS.fullmatch(address.path)
    host = (address.hostname or "").removeprefix("api.")
    repository = repository_on(host, match[1]) if match else None
    if match is None or repository is None:
        message = "url must be the address of the branch's protection: it alone names repository and branch."
        raise FormatError("missing_field", message, pointer="/url")
    return host, repository, unquote(match[2])


def _protection(members: Members, branch: str) -> RefRulesRecord:
    """Read the switches. GitHub leaves out what is switched off where it is an object, so its absence says so."""
    reviews, checks = members.inner("required_pull_request_reviews"), members.inner("required_status_checks")
    return RefRulesRecord(
        kind=RefKind.BRANCH,
        patterns=(f"refs/heads/{branch}",),
        excluded=(),
        name="branch protection",
        is_enforced=True,
        pointer=members.pointer,
        reviews_required=(reviews.whole("required_approving_review_count") if reviews else 0),
        code_owner_review=(reviews.flag("require_code_owner_reviews") if reviews else False),
        dismisses_stale_reviews=(reviews.flag("dismiss_stale_reviews") if reviews else False),
        blocks_force_push=_opposite(_switch(members, "allow_force_pushes")),
        blocks_deletion=_opposite(_switch(members, "allow_deletions")),
        requires_signatures=_switch(members, "required_signatures"),
        status_check_count=len(set(checks.texts("contexts")) | _contexts(checks)) if checks else 0,
        binds_admins=_switch(members, "enforce_admins"),
    )


def _contexts(checks: Members) -> set[str]:
    return {check.text("context") for check in checks.objects("checks")}


def _switch(members: Members, name: str) -> bool | None:
    inner = members.inner(name)
    return inner.flag("enabled") if inner else None


def _opposite(value: bool | None) -> bool | None:  # noqa: FBT001 the third value is the point of it
    return None if value is None else not value


def _add_ruleset(members: Members, record: PostureRecord, *, defects: Defects) -> None:
    kind = _KINDS.get(members.text("target") or "branch")
    if kind is None:
        record.rejected_count += 1
        defects.add("unknown_target", members.pointer + "/target", "It guards neither branches nor tags; not read.")
        return
    repository = repository_on("github.com", members.text("source", longest=LONGEST_PATH))
    if repository is not None and record.repository not in {"", repository}:
        record.rejected_count += 1
        defects.add("several_repositories", members.pointer + "/source", "It is of another repository; not read.")
        return
    record.repository = record.repository or repository or ""
    record.rules.append(_ruleset(members, kind))


def _ruleset(members: Members, kind: RefKind) -> RefRulesRecord:
    conditions = members.inner("conditions")
    names = conditions.inner("ref_name") if conditions else None
    rules = {rule.text("type"): rule.inner("parameters") for rule in members.objects("rules")}
    has_rules = members.has("rules")
    return RefRulesRecord(
        kind=kind,
        patterns=names.texts("include", longest=LONGEST_PATH) if names else (),
        excluded=names.texts("exclude", longest=LONGEST_PATH) if names else (),
        name=members.text("name"),
        is_enforced=members.text("enforcement") == "active",
        pointer=members.pointer,
        reviews_required=_reviews(rules, has_rules=has_rules),
        code_owner_review=_of(rules, "require_code_owner_review", has_rules=has_rules),
        dismisses_stale_reviews=_of(rules, "dismiss_stale_reviews_on_push", has_rules=has_rules),
        blocks_force_push="non_fast_forward" in rules if has_rules else None,
        blocks_deletion="deletion" in rules if has_rules else None,
        requires_signatures="required_signatures" in rules if has_rules else None,
        status_check_count=_check_count(rules) if has_rules else None,
        binds_admins=_binds_all(members),
    )


def _reviews(rules: Mapping[str, Members | None], *, has_rules: bool) -> int | None:
    if "pull_request" not in rules:
        return 0 if has_rules else None
    parameters = rules["pull_request"]
    return parameters.whole("required_approving_review_count") if parameters else None


def _of(rules: Mapping[str, Members | None], name: str, *, has_rules: bool) -> bool | None:
    """Return a switch of the rule about pull requests: off without the rule, unknown where its parameters are not."""
    if "pull_request" not in rules:
        return False if has_rules else None
    parameters = rules["pull_request"]
    return parameters.flag(name) if parameters else None


def _check_count(rules: Mapping[str, Members | None]) -> int:
    parameters = rules.get("required_status_checks")
    return sum(1 for _ in parameters.objects("required_status_checks")) if parameters else 0


def _binds_all(members: Members) -> bool | None:
    """Tell whether nobody may go round it; a reader without the right to know is not told, and nor are we."""
    if not members.has("bypass_actors"):
        return None
    return not any(True for _ in members.objects("bypass_actors"))
