"""Actions and workflows of others that a build runs by a name which their owner can move: tj-actions, 2025."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from inventory.detectors.records import Detector, Hit, Rule, Severity, UseFact, WorkflowFacts
from inventory.formats.posture.workflow_records import RefKind, UseKind

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION: Final = re.compile(r"(?:refs/tags/.+|v?\d+(?:\.\d+)*(?:[-+.][0-9A-Za-z.+-]+)?)")
_OF_OTHERS: Final = frozenset({UseKind.ACTION, UseKind.REUSABLE_WORKFLOW})


def detect(facts: WorkflowFacts) -> Iterator[Hit]:
    """Give each use that no commit pins, place by place. What stands behind a pin as a comment counts for nothing."""
    for use in facts.uses:
        if use.kind is UseKind.UNRESOLVED:
            yield _hit(use, Rule.UNREADABLE, Severity.MEDIUM)
        elif use.kind in _OF_OTHERS and use.ref_kind is not RefKind.COMMIT:
            if _VERSION.fullmatch(use.ref):
                yield _hit(use, Rule.TAG, Severity.HIGH)
            else:
                severity = Severity.CRITICAL if facts.may_publish(use.place) else Severity.HIGH
                yield _hit(use, Rule.BRANCH, severity)


def action_subject(use: UseFact) -> str:
    """Return what is used, without its ref; of what cannot be read, what was given."""
    if not use.owner_repository:
        return use.given
    return f"{use.owner_repository}/{use.path}".rstrip("/")


def _hit(use: UseFact, rule: Rule, severity: Severity) -> Hit:
    return Hit(Detector.UNPINNED_ACTION, rule, severity, action_subject(use), use.given, (use.place,))
