"""Pick what is rehearsed: a random component from the bytes of a document about something that runs."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from incidents.drills.by_hand import purls_in, running_digests, stated_digests
from inventory.models import READABLE, Evidence, EvidenceKind
from inventory.store.blobs import read
from inventory.store.errors import EvidenceCorruptError, EvidenceMissingError, EvidenceRemovedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIES = 40


def pick_component(pick: random.Random) -> str:
    """Return the purl of a component, '' where nothing that runs has a document that names one."""
    running = running_digests()
    for evidence in _some_documents(pick):
        try:
            data = read(evidence.blob)
        except (EvidenceRemovedError, EvidenceCorruptError, EvidenceMissingError):
            continue
        about = stated_digests(evidence, data)
        found = [purl for purl in purls_in(data) if not purl.startswith(("pkg:oci/", "pkg:docker/"))]
        if about & running and found:
            return pick.choice(found)
    return ""


def _some_documents(pick: random.Random) -> Iterator[Evidence]:
    rows = Evidence.objects.filter(state__state__in=READABLE, state__kind=EvidenceKind.SBOM)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for chosen in pick.sample(ids, min(_TRIES, len(ids))):
        yield rows.select_related("blob").get(pk=chosen)
