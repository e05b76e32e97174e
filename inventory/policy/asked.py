"""What is asked at a gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.policy.hits import Place
    from inventory.policy.models import Gate
    from supplychain.access.presumed import PresumedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing to decide about: a digest, or an image by its name and tag alone. `problem` says why neither is known.

    `image` is the reference as it was written.
    """

    digest: str = ""
    name: str = ""
    tag: str = ""
    image: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request at a gate. `workload` is kind/name of what is reviewed; `uid` the request's own id.

    `key`: who asks was taken for who they were a moment ago, which is to be confirmed.
    """

    gate: Gate
    subjects: tuple[Subject, ...]
    place: Place
    workload: str = ""
    uid: str = ""
    key: PresumedKey | None = None
