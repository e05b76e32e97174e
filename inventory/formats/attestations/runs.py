"""Which run of which workflow a build was, as its provenance says: by its addresses, else by GitHub's own variables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inventory.formats.attestations.parts import text

if TYPE_CHECKING:
    from inventory.formats.attestations.parts import Members

_RUN: Final = re.compile(r"https?://[^/]+/[^/]+/[^/]+/actions/runs/(\d{1,30})(?:/attempts/(\d{1,9}))?/?")
_SHORT: Final = re.compile(r"(\d{1,30})-(\d{1,9})")
"""`buildInvocationID` of the first SLSA generators: run and attempt."""
_CALLED: Final = re.compile(r"https?://[^/]+/([^/]+/[^/]+/\.github/workflows/[^/@]+@.+)")


@dataclass(frozen=True, slots=True)
class Run:
    """A run's number and attempt, who started it, and the workflow that the builder is. '' and None where not said."""

    run_id: str = ""
    attempt: int | None = None
    actor: str = ""
    called_workflow: str = ""


def read_run(*, invocation: str, builder: str, variables: Members) -> Run:
    """Read the run of a build. BuildKit tells it as its builder's address, others as the invocation."""
    called = _CALLED.fullmatch(builder)
    for address in (invocation, builder):
        match = _RUN.fullmatch(address) or _SHORT.fullmatch(address)
        if match:
            number, attempt = match[1], int(match[2]) if match[2] else None
            break
    else:
        number, attempt = _variable(variables, "RUN_ID"), None
        number = number if number.isascii() and number.isdigit() and len(number) <= 30 else ""
    tried = _variable(variables, "RUN_ATTEMPT")
    if attempt is None and number and tried.isascii() and tried.isdigit() and len(tried) < 10:
        attempt = int(tried)
    return Run(number, attempt, _variable(variables, "ACTOR"), called[1] if called else "")


def _variable(variables: Members, name: str) -> str:
    return text(variables, f"GITHUB_{name}") or text(variables, f"github_{name.lower()}")
