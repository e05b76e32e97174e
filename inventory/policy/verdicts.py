"""What is decided at a gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from supplychain.ids import uuid7

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from inventory.policy.asked import Subject
    from inventory.policy.hits import Hit, Place
    from inventory.policy.models import Mode, Outcome
    from inventory.policy.rules import RuleResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided about one subject, and by what. `public_id` names the Decision, where it was stored."""

    subject: Subject
    outcome: Outcome
    allowed: bool
    mode: Mode
    rules: tuple[RuleResult, ...]
    hits: tuple[Hit, ...]
    place: Place
    at: datetime
    public_id: UUID = field(default_factory=uuid7)
