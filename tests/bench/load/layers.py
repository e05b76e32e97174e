"""The manifests of a history: documents, layers and configs, as the worker writes what a manifest says."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import zstandard

from inventory.formats.image_claims import read_layers
from inventory.identity.digests import parse_digest
from inventory.ingest.image import _layers
from inventory.intake.body import ZSTD_LEVEL
from tests.bench.load.copying import Stream, connect, hexadecimal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from tests.bench.estate import Built
    from tests.bench.load.schedule import Schedule

_STREAMS = {
    "imagelayer": "id, team_id, artifact_id, position, digest, is_diff_id, chain, is_last, evidence_id",
    "artifact": "id, digest, label_name, label_version",
    "artifactalias": "id, team_id, alias_id, artifact_id, is_proven, evidence_id",
    "evidenceblob": "digest, size_bytes, data, stored_at",
}
_STACKS = """
INSERT INTO inventory_layerstack (chain, is_whole, has_above)
SELECT chain, bool_or(is_last), bool_or(NOT is_last) FROM inventory_imagelayer GROUP BY chain ORDER BY chain
"""
"""What the trigger on layers would have written, which COPY does not call here."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the evidence of a manifest repeats of it."""

    size_bytes: int
    layer_count: int


class LayerLoader:
    """Writes manifests, one a build; open it around the play."""

    def __init__(self, schedule: Schedule, *, team_ids: Mapping[str, int]) -> None:
        self._schedule = schedule
        self._team_ids = team_ids
        self._layer_count = 0
        self._compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self._streams: dict[str, Stream] = {}
        self._open = ExitStack()
        self.told: list[Told] = [Told(0, 0)] * len(schedule.builds)
        """For each build, in the order of time, once it was played."""

    def __enter__(self) -> Self:
        for name, columns in _STREAMS.items():
            self._streams[name] = self._open.enter_context(Stream(f"inventory_{name}", columns))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)
        if kind is None:
            with connect() as database:
                database.execute("SET work_mem = '512MB'")
                database.execute(_STACKS)

    def add(self, place: int, service: Built, *, at: str) -> None:
        """Write what the manifest of a service's newest build says; it is the build at this place of the schedule."""
        data, digest = service.manifest, self._schedule.digests[place]
        body = json.loads(data)
        layers = read_layers(body["layers"], artifact=parse_digest(digest), is_diff_id=False)
        team_id, evidence_id = self._team_ids[service.team], self._schedule.manifest_evidence[place]
        for layer in _layers(layers, ids={digest: place + 1}):
            self._layer_count += 1
            self._streams["imagelayer"].add(
                f"{self._layer_count}\t{team_id}\t{place + 1}\t{layer['position']}\t{layer['digest']}\tf\t"
                f"\\\\x{layer['chain']}\t{'t' if layer['is_last'] else 'f'}\t{evidence_id}"
            )
        config_id = self._schedule.config_id(place)
        self._streams["artifact"].add(f"{config_id}\t{body['config']['digest']}\t\t")
        self._streams["artifactalias"].add(f"{place + 1}\t{team_id}\t{config_id}\t{place + 1}\tt\t{evidence_id}")
        self._streams["evidenceblob"].add(
            f"{digest}\t{len(data)}\t{hexadecimal(self._compressor.compress(data))}\t{at}"
        )
        self.told[place] = Told(len(data), len(layers))
