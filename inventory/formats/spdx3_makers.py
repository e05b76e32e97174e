"""Where packages of an SPDX 3.0 graph come from and who made them: a package names agents, which stand anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from inventory.formats.maker_claims import of_text
from inventory.formats.source_claims import MOST_CLAIMS, SourceClaim, claims_of, of_download
from inventory.formats.spdx3_elements import addresses_of, mails_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.formats.records import ComponentRecord
    from inventory.formats.spdx3_elements import GraphElement

_NOBODY: Final[tuple[SourceClaim, ...]] = ()


@dataclass(slots=True)
class Makers:
    """The agents by their references, and for each package that says so what it claims and whom it names."""

    agents: dict[str, tuple[SourceClaim, ...]] = field(default_factory=dict)
    packages: list[tuple[ComponentRecord, tuple[SourceClaim, ...], Sequence[str]]] = field(default_factory=list)

    def note_agent(self, element: GraphElement, ref: str) -> None:
        """Keep what an agent's name and its addresses of mail claim."""
        names = texts_of(element.name)
        found = dict.fromkeys(claim for text in (*mails_of(element), *names) for claim in of_text(text))
        if found:
            self.agents[ref] = tuple(found)

    def note_package(self, element: GraphElement, record: ComponentRecord) -> None:
        """Keep where a package says that it comes from, and whom it names."""
        found = of_download(element.download) if isinstance(element.download, str) else _NOBODY
        if element.external is not None:
            found = (*found, *claims_of(addresses_of(element)))
        refs = [ref for named in (element.supplied_by, element.originated_by) for ref in texts_of(named)[:MOST_CLAIMS]]
        if found or refs:
            self.packages.append((record, found, refs))

    def tell(self) -> None:
        """Give the packages what was found, once all agents are known."""
        for record, found, refs in self.packages:
            made_by = (claim for ref in refs for claim in self.agents.get(ref, _NOBODY))
            record.sources = tuple(dict.fromkeys((*found, *made_by)))
