"""What a drill found: facts for its one line, and faults, any of which fails it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """Filled in while a drill runs."""

    facts: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    impossible: str = ""
    """Why the drill cannot be run on this machine: neither passed nor failed."""

    @property
    def passed(self) -> bool:
        return not self.faults and not self.impossible

    def note(self, fact: str) -> None:
        """Add a fact to the line."""
        self.facts.append(fact)

    def require(self, holds: bool, fault: str) -> bool:
        """Add a fault unless something holds; returns whether it does."""
        if not holds:
            self.faults.append(fault)
        return holds

    def line(self, code: str, *, seconds: float) -> str:
        """Return the drill's result in one line."""
        facts = ", ".join(self.facts)
        if self.impossible:
            return f"{code} not possible here: {self.impossible}"
        if self.faults:
            return f"{code} FAILED: {'; '.join(self.faults)} ({facts}; {seconds:.0f} s)"
        return f"{code} passed: {facts} in {seconds:.0f} s"


class DrillError(Exception):
    """The drill itself cannot go on: a process did not start, or an answer never came."""
