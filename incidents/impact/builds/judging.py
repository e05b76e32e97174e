"""How one run answers what is asked of builds, by what was observed, then the pin, the ref, the time. Pure.

An exposed run is affected or possible, one that a rule excludes is cleared, and one of which nobody knows what it used
is unknown. A run that does not use what is asked for is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from incidents.impact.builds.expanding import Known, expand, observed
from incidents.impact.builds.records import Download, Use
from incidents.impact.builds.targets import short_ref

if TYPE_CHECKING:
    from incidents.impact.builds.expanding import Expanded, Step, Workflows
    from incidents.impact.builds.records import Run
    from incidents.impact.builds.targets import Target

AFFECTED, POSSIBLE, CLEARED, UNKNOWN = 1, 3, 5, 8
"""Classes of the answer (impact/statements.py): a build's exposure is odd."""
_RANK: Final = {AFFECTED: 0, POSSIBLE: 1, UNKNOWN: 2, CLEARED: 3}
_SURE, _LIKELY, _WEAK = 100, 70, 40


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run is to one target, and by which of its steps."""

    match_class: int
    confidence: int
    reason: str
    step: Step | None = None

    @property
    def rank(self) -> tuple[int, int]:
        return _RANK[self.match_class], -self.confidence


def judge(run: Run, target: Target, *, expanded: Expanded) -> Verdict | None:
    """Say what a run is to a target; None where it does not use it, as far as all of it is known."""
    found = [_judge_step(run, target, step) for step in expanded.steps if _is_meant(target, step)]
    if not expanded.is_known or expanded.hidden_from(is_download=bool(target.url)):
        open_part = _unknown(run, target, expanded, is_used=bool(found))
        if open_part is not None:
            found.append(open_part)
    return _beside_unsent(run, target, min(found, key=lambda verdict: verdict.rank, default=None))


def judge_all(
    runs: list[Run], targets: tuple[Target, ...], *, workflows: Workflows
) -> list[tuple[Run, Target, Verdict]]:
    """Return what each run is to each target, where it is something."""
    found = []
    for run in runs:
        expanded = expand(run, workflows=workflows)
        for target in targets:
            verdict = judge(run, target, expanded=expanded)
            if verdict is not None:
                found.append((run, target, verdict))
    return found


def _is_meant(target: Target, step: Step) -> bool:
    if isinstance(step.what, Download):
        return bool(target.url) and step.what.url == target.url
    return target.means(step.what)


def _unknown(run: Run, target: Target, expanded: Expanded, *, is_used: bool) -> Verdict | None:
    """Say that what a run used is not known; outside the window that does not matter, and what was seen decides."""
    if _is_in_time(run, target) is False:
        return None
    if not expanded.is_known:
        if is_used or not (target.owner_repository or target.url):
            return None
        return Verdict(UNKNOWN, _WEAK, "ran a version of its workflow that nobody knows")
    if not (target.owner_repository or target.url):
        return None
    hidden = expanded.hidden_from(is_download=bool(target.url))
    return Verdict(UNKNOWN, _WEAK, f"ran something that nobody knows: {hidden[0]}")


def _beside_unsent(run: Run, target: Target, verdict: Verdict | None) -> Verdict | None:
    """Say what is not known for want of the files of what a run used of others, in the window.

    What such a file holds may be what is asked for. A use that is cleared stays so, with what beside it is not known.
    """
    unsent = [given for given in run.unsent if not _names(target, given)]
    if not unsent or not (target.owner_repository or target.url) or _is_in_time(run, target) is False:
        return verdict
    said = f"{unsent[0]}{f' and {len(unsent) - 1} more' if len(unsent) > 1 else ''}"
    if verdict is None:
        return Verdict(UNKNOWN, _WEAK, f"ran something that nobody knows: nobody has sent what {said} uses")
    if verdict.match_class != CLEARED:
        return verdict
    reason = f"{verdict.reason}; nobody has sent what {said} uses"
    return Verdict(CLEARED, min(verdict.confidence, _LIKELY), reason, verdict.step)


def _names(target: Target, given: str) -> bool:
    """Say whether a use names what is asked for: its own ref decides, whatever it holds."""
    name = given.partition("@")[0].lower()
    wanted = target.owner_repository
    return bool(wanted) and (name == wanted or name.startswith(f"{wanted}/"))


def _judge_step(run: Run, target: Target, step: Step) -> Verdict:
    if isinstance(step.what, Download):
        verdict = _judge_download(run, target, step.what)
    elif step.what.kind == "docker":
        verdict = _judge_image(run, target, step.what)
    else:
        verdict = _judge_action(run, target, step.what)
    match_class, confidence, reason = verdict.match_class, verdict.confidence, verdict.reason
    if step.chain[1:]:
        reason = f"{reason}, through {' → '.join(step.chain[1:])}"
    if _is_observed(run, target, step):
        return Verdict(match_class, confidence, reason, step)
    if step.known is Known.LATER:
        # Only a later version says so: it may have been otherwise when this ran.
        if match_class == CLEARED and not _is_by_time(run, target):
            match_class, reason = UNKNOWN, "ran a version of its workflow that nobody knows"
        elif match_class == AFFECTED:
            match_class, reason = POSSIBLE, f"{reason}, by a version of the file that was seen later"
        confidence = min(confidence, _WEAK)
    elif step.known is Known.NEWEST:
        confidence = min(confidence, _LIKELY)
    return Verdict(match_class, confidence, reason, step)


def _is_observed(run: Run, target: Target, step: Step) -> bool:
    """Say whether a commit that was seen decided, whatever the file said."""
    return isinstance(step.what, Use) and bool(target.shas) and bool(observed(run, step.what))


def _judge_action(run: Run, target: Target, use: Use) -> Verdict:
    seen = {use.ref} if use.is_pinned else observed(run, use)
    name = f"{use.owner_repository}{'/' * bool(use.path)}{use.path}"
    if seen and target.shas:
        bad = sorted(commit for commit in seen if target.has_sha(commit))
        if bad:
            how = "is pinned to" if use.is_pinned else f"got for @{use.ref}"
            return Verdict(AFFECTED, _SURE, f"{how} commit {bad[0][:12]} of {name}, which is asked for")
        return Verdict(CLEARED, _SURE, _other_commit(use, name, seen=sorted(seen)))
    if use.is_pinned:
        if target.refs and short_ref(use.ref) not in target.refs:
            return _in_time(
                run,
                target,
                POSSIBLE,
                _WEAK,
                f"is pinned to commit {use.ref[:12]} of {name}, and nothing says which of the refs asked for it is",
            )
        return _in_time(run, target, AFFECTED, _SURE, f"is pinned to commit {use.ref[:12]} of {name}")
    if target.refs and short_ref(use.ref) not in target.refs:
        return Verdict(CLEARED, _LIKELY, f"used {name}@{use.ref}, which is none of the refs asked for")
    moved = "" if not target.shas else ", and to which commit that led nobody saw"
    return _in_time(run, target, AFFECTED, _LIKELY, f"used {name}@{use.ref}{moved}")


def _other_commit(use: Use, name: str, *, seen: list[str]) -> str:
    if use.is_pinned:
        beside = f"; that its comment says {use.comment} counts for nothing" if use.comment else ""
        return f"is pinned to commit {use.ref[:12]} of {name}, not to one asked for{beside}"
    return f"got commit {seen[0][:12]} for {name}@{use.ref}, not one asked for"


def _judge_image(run: Run, target: Target, use: Use) -> Verdict:
    if target.digest or use.is_pinned:
        if not target.digest:
            return _in_time(run, target, POSSIBLE, _WEAK, f"ran in {use.given}, which the name asked for may have been")
        return Verdict(AFFECTED, _SURE, f"ran in {use.given}")
    return _in_time(run, target, POSSIBLE, _WEAK, f"ran in {use.given}, a name that moves")


def _judge_download(run: Run, target: Target, found: Download) -> Verdict:
    bad = sorted(target.checksums & set(found.checksums))
    if bad:
        return Verdict(AFFECTED, _SURE, f"fetched {found.url} with {bad[0][:19]}…, which is asked for")
    if found.check == "observed" and target.checksums:
        return Verdict(CLEARED, _SURE, f"fetched {found.url} with another digest than those asked for")
    if found.check == "checksum":
        return Verdict(CLEARED, _LIKELY, f"compared {found.url} with a checksum in its script before it was used")
    if found.check in {"fetched_checksum", "signature"}:
        how = "a checksum from elsewhere" if found.check == "fetched_checksum" else "a signature"
        return _in_time(run, target, POSSIBLE, _WEAK, f"fetched {found.url} and compared it with {how}")
    how = "ran" if found.is_run else "fetched"
    return _in_time(run, target, AFFECTED, _SURE, f"{how} {found.url} unchecked")


def _in_time(run: Run, target: Target, match_class: int, confidence: int, reason: str) -> Verdict:
    """Hold a verdict to the window: outside it is cleared, and without a time at all it is possible."""
    in_time = _is_in_time(run, target)
    if in_time is False:
        return Verdict(CLEARED, _SURE, f"{reason}, and ran outside the window: {_day(run)}")
    if in_time is None:
        return Verdict(POSSIBLE, _WEAK, f"{reason}; when it ran is not told")
    return Verdict(match_class, confidence, f"{reason}{_when(run, target)}")


def _is_by_time(run: Run, target: Target) -> bool:
    return _is_in_time(run, target) is False


def _is_in_time(run: Run, target: Target) -> bool | None:
    """Say whether any of a run lies in the window [since, until); None where no document tells when it ran."""
    if not target.has_window:
        return True
    spans = [(start or end, end or start) for start, end in run.spans if start is not None or end is not None]
    if not spans:
        return None
    return any(
        (target.until is None or start < target.until) and (target.since is None or end >= target.since)
        for start, end in spans
        if start is not None and end is not None
    )


def _when(run: Run, target: Target) -> str:
    return f", in the window: {_day(run)}" if target.has_window else ""


def _day(run: Run) -> str:
    at = run.started_at or run.first.finished_at
    return "at a time that is not told" if at is None else at.strftime("%Y-%m-%d %H:%M UTC")
