"""Reads the builds of an SPDX 3.0 document (build profile): what came out of which source, as its author claims.

What a build had as inputs its outputs are generated from. Parameters and environment stay in the document: whoever
wants to know how something was built asks its provenance.
Source: https://spdx.github.io/spdx-spec/v3.0.1/model/Build/Classes/Build/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from inventory.formats.claims import Claim, ClaimRecord
from inventory.formats.records import storable
from inventory.formats.spdx2_relations import Relation
from inventory.formats.spdx2_subject import own_digest
from inventory.formats.spdx3_elements import GraphElement, text_or_none, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inventory.formats.records import ComponentRecord

_INPUT: Final = "hasInput"
_OUTPUT: Final = "hasOutput"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_LONGEST: Final = 1_024


@dataclass(slots=True)
class Builds:
    """The builds of one graph by their references, and what went into and came out of each."""

    sources: dict[str, list[tuple[Claim, str]]] = field(default_factory=dict)
    inputs: dict[str, list[str]] = field(default_factory=dict)
    outputs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """With the place that says so."""

    def note(self, element: GraphElement, ref: str) -> None:
        """Keep where a build's configuration came from: the repository, and its commit where a hash is one."""
        claims = [(Claim.SOURCE, _repository(uri)) for uri in texts_of(element.config_uris)]
        digests = element.config_digests if isinstance(element.config_digests, list) else []
        values = [one.get("hashValue") for one in digests if isinstance(one, dict)]
        claims += [
            (Claim.REVISION, value.lower()) for value in values if isinstance(value, str) and _COMMIT.fullmatch(value)
        ]
        self.sources.setdefault(ref, []).extend((claim, value) for claim, value in claims if value)

    def take(self, element: GraphElement, *, pointer: str) -> bool:
        """Keep a relationship between a build and what went in or came out; tell whether it is one."""
        source = text_or_none(element.source)
        if source is None or element.relation not in (_INPUT, _OUTPUT):
            return False
        targets = texts_of(element.targets)
        if element.relation == _INPUT:
            self.inputs.setdefault(source, []).extend(targets)
        else:
            self.outputs.setdefault(source, []).extend((target, pointer) for target in targets)
        return True

    def relations(self, *, most: int) -> Iterator[Relation]:
        """Yield `output GENERATED_FROM input` of each build, `most` at most."""
        left = most
        for build, outputs in self.outputs.items():
            for output, pointer in outputs:
                for given in self.inputs.get(build, ())[:left]:
                    left -= 1
                    yield Relation(output, "GENERATED_FROM", given, pointer)

    def claims(self, records: Sequence[ComponentRecord]) -> tuple[ClaimRecord, ...]:
        """Return what is claimed of the outputs that have a digest."""
        by_ref = {record.ref: record for record in records if record.ref is not None} if self.sources else {}
        found: dict[ClaimRecord, None] = {}
        for build, claims in self.sources.items():
            for output, _ in self.outputs.get(build, ()):
                digest = own_digest(by_ref[output]) if output in by_ref else None
                if digest is not None:
                    found |= {ClaimRecord(digest, claim, value): None for claim, value in claims}
        return tuple(found)


def _repository(uri: str) -> str:
    """Return the repository's address without what SLSA and pip write around it: `git+https://…@refs/heads/main`."""
    address = uri.strip().removeprefix("git+")
    head, at, _ = address.rpartition("@")
    return storable(head if at and "/" in head.partition("://")[2] else address)[:_LONGEST]
