"""What is judged: what the cryptography proved of one signature, and what the signed bytes say.

Both are stored as rows, so that a change of what is trusted judges them again without reading a byte of evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.formats.attestations.records import Predicate
from inventory.trust.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Proven:
    """How the cryptography of one signature ended, and what its certificate or key is; '' where there is none.

    `issuer` to `event` are the certificate's: its authority saw them, no payload outranks them.
    """

    outcome: Outcome
    code: str = ""
    signed_at: datetime | None = None
    """The earliest proven time; None of a bare key."""
    issuer: str = ""
    identity: str = ""
    repository: str = ""
    """`host/path`, without scheme."""
    repository_id: str = ""
    owner_id: str = ""
    commit: str = ""
    ref: str = ""
    workflow: str = ""
    """The path of the workflow file in its repository."""
    builder_id: str = ""
    """The workflow that asked for the certificate, with its ref."""
    run: str = ""
    runner: str = ""
    event: str = ""
    key_fingerprint: str = ""

    @property
    def is_bare_key(self) -> bool:
        """Tell whether a key signed that no certificate names."""
        return bool(self.key_fingerprint) and not self.identity


@dataclass(frozen=True, slots=True)
class Stated:
    """What the signed bytes say. Fields of provenance are '' in other statements.

    `parameters` are their names, None where they are not known; `summary` the facts of a verification summary.
    """

    predicate: Predicate
    builder_id: str = ""
    build_type: str = ""
    repository: str = ""
    ref: str = ""
    workflow: str = ""
    event: str = ""
    runner: str = ""
    has_parameters: bool = False
    parameters: frozenset[str] | None = None
    summary: Mapping[str, str] | None = None
