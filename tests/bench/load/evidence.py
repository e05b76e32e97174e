"""The evidence of a history: rows, receipts and audit lines of its documents and reports, in the order of arrival."""

from __future__ import annotations

import hashlib
import json
import random
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import zstandard

from inventory.intake.body import ZSTD_LEVEL, StoredBody
from inventory.intake.receive import Parameters, _dedupe_key
from inventory.models import EvidenceKind
from supplychain.access import audit
from supplychain.access.audit import BODY_VERSION, _canonical, _timestamp
from tests.bench.load.copying import Stream, hexadecimal
from tests.bench.load.schedule import place_of, stated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supplychain.access.models import ApiKey
    from tests.bench.load.graph import Stored
    from tests.bench.load.layers import Told
    from tests.bench.load.schedule import Clock, Report, Schedule

PLATFORM = "platform"
_STREAMS = {
    "artifact": "id, digest, label_name, label_version",
    "artifactname": "team_id, artifact_id, name, tag, first_seen_at",
    "evidence": "id, public_id, team_id, api_key_id, blob_id, size_bytes, media_type, declared_kind, is_observation, "
    "artifacts, name, version, repository, commit, cluster, environment, confirm_empty, filename, dedupe_key, "
    "audit_sequence, received_at",
    "evidencestate": "evidence_id, team_id, state, attempts, queued_at, claimed_at, applied_at, applied_sequence, "
    "kind, format, format_version, schema_valid, schema_error_count, subjects, counts, warnings, warning_count",
    "evidenceblob": "digest, size_bytes, data, stored_at",
}
_AUDIT = "body, at, team_id, actor, action, subject"
_CLAIMED_AFTER, _APPLIED_AFTER = timedelta(milliseconds=20), timedelta(milliseconds=100)
_ACTION = "evidence.received"
_FORMATS = {
    EvidenceKind.SBOM: "cyclonedx\t1.6",
    EvidenceKind.IMAGE: "oci_manifest\t",
    EvidenceKind.DEPLOYMENT: "deployment\t",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the history, SBOM or report, with what its receipt says."""

    id: int
    at: datetime
    kind: EvidenceKind
    stored: StoredBody
    subjects: Sequence[str]
    counts: Mapping[str, int]


class EvidenceLoader:
    """Writes what intake and the end of the work write. Audit lines go through the chain's own trigger."""

    def __init__(
        self,
        schedule: Schedule,
        *,
        clock: Clock,
        keys: Mapping[str, ApiKey],
        audit_count: int,
        seed: int,
        manifests: Sequence[Told] = (),
    ) -> None:
        self._schedule = schedule
        self._manifests = manifests
        self._clock = clock
        self._keys = keys
        self._audit_count = audit_count
        self._random = random.Random(f"{seed}/evidence")
        self._compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self._streams: dict[str, Stream] = {}
        self._audit = Stream("access_auditevent", _AUDIT, keep_triggers=True)

    def load(self, stored: Sequence[Stored], *, changes: Sequence[Mapping[str, int]]) -> None:
        """Write all evidence; `changes` are the counts of each report's intervals."""
        with ExitStack() as stack:
            for name, columns in _STREAMS.items():
                self._streams[name] = stack.enter_context(Stream(f"inventory_{name}", columns))
            stack.enter_context(self._audit)
            schedule = self._schedule
            kinds = enumerate((schedule.build_evidence, schedule.manifest_evidence, schedule.report_evidence))
            order = [(evidence_id, kind, place) for kind, ids in kinds for place, evidence_id in enumerate(ids)]
            for evidence_id, kind, place in sorted(order):
                if kind == 0:
                    self._write_build(evidence_id, place, stored[place])
                elif kind == 1:
                    self._write_manifest(evidence_id, place, self._manifests[place])
                else:
                    self._write_report(evidence_id, schedule.reports[place], change=changes[place])
            self._write_foreign()

    def _write_build(self, evidence_id: int, place: int, stored: Stored) -> None:
        build = self._schedule.builds[place]
        service = self._schedule.services[build.service]
        tag, at = f"1.{build.number}", self._clock.moment(build.at)
        digest = self._schedule.digests[place]
        self._streams["artifact"].add(f"{place + 1}\t{digest}\t\t")
        key = self._keys[service.team]
        applied = (at + _APPLIED_AFTER).isoformat()
        self._streams["artifactname"].add(f"{key.team_id}\t{place + 1}\t{service.repository}\t{tag}\t{applied}")
        counts = {
            "components": stored.component_count,
            "components_stored": stored.component_count,
            "components_rejected": 0,
            "components_without_purl": 0,
            "components_of_subject": 0,
            "services": 0,
            "ancestors": 0,
            "components_merged": 0,
            "dependencies": stored.dependency_count,
        }
        body = StoredBody(stored.digest, stored.size_bytes, b"")
        self._write(Document(evidence_id, at, EvidenceKind.SBOM, body, [digest], counts), key=key)

    def _write_manifest(self, evidence_id: int, place: int, told: Told) -> None:
        build, digest = self._schedule.builds[place], self._schedule.digests[place]
        counts = {
            "members": 0,
            "configs": 1,
            "claims": 0,
            "referrers": 0,
            "layers": told.layer_count,
            "signatures": 0,
        }
        at, key = self._clock.moment(build.at), self._keys[self._schedule.services[build.service].team]
        body = StoredBody(digest, told.size_bytes, b"")
        self._write(Document(evidence_id, at, EvidenceKind.IMAGE, body, [digest], counts), key=key)

    def _write_report(self, evidence_id: int, report: Report, *, change: Mapping[str, int]) -> None:
        schedule, at = self._schedule, self._clock.moment(report.at)
        data = json.dumps([stated(record, schedule, clock=self._clock) for record in report.records]).encode()
        body = StoredBody(f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), self._compressor.compress(data))
        digests = sorted({schedule.digest(record) for record in report.records})
        counts = {
            "records": len(report.records),
            "records_applied": len(report.records),
            "records_rejected": 0,
            **change,
        }
        self._streams["evidenceblob"].add(
            f"{body.digest}\t{body.size_bytes}\t{hexadecimal(body.data)}\t{at.isoformat()}"
        )
        document = Document(evidence_id, at, EvidenceKind.DEPLOYMENT, body, digests, counts)
        self._write(document, key=self._keys[PLATFORM])

    def _write(self, document: Document, *, key: ApiKey) -> None:
        is_sbom, is_report = document.kind is EvidenceKind.SBOM, document.kind is EvidenceKind.DEPLOYMENT
        stored = document.stored
        public_id = self._public_id(document.at)
        artifacts = tuple(document.subjects) if is_sbom else ()
        kind = document.kind.value if is_report else ""
        parameters = Parameters(artifacts=artifacts, kind=kind)
        dedupe = _dedupe_key(stored, parameters, team_id=key.team_id)
        at, claimed_at, applied_at = (
            (document.at + after).isoformat() for after in (timedelta(), _CLAIMED_AFTER, _APPLIED_AFTER)
        )
        self._audit_count += 1
        self._streams["evidence"].add(
            f"{document.id}\t{public_id}\t{key.team_id}\t{key.pk}\t{stored.digest}\t{stored.size_bytes}\t"
            f"application/json\t{parameters.kind}\t{'t' if is_report else 'f'}\t{_array(artifacts)}\t\t\t\t\t\t\tf\t\t"
            f"{hexadecimal(dedupe) if dedupe else chr(92) + 'N'}\t{self._audit_count}\t{at}"
        )
        checked = "t\t0" if is_sbom else "\\N\t\\N"
        self._streams["evidencestate"].add(
            f"{document.id}\t{key.team_id}\tapplied\t1\t{at}\t{claimed_at}\t{applied_at}\t{document.id}\t"
            f"{document.kind.value}\t{_FORMATS[document.kind]}\t{checked}\t"
            f"{_array(document.subjects)}\t{json.dumps(document.counts)}\t[]\t0"
        )
        self._write_audit(public_id, document, key=key)

    def _write_audit(self, public_id: str, document: Document, *, key: ApiKey) -> None:
        facets: dict[str, audit.JSON] = {
            "at": _timestamp(document.at),
            "team": key.team_id,
            "actor": f"key:{key.lookup}",
            "action": _ACTION,
            "subject": public_id,
        }
        details: dict[str, audit.JSON] = {"digest": document.stored.digest, "size_bytes": document.stored.size_bytes}
        body = _canonical({"v": BODY_VERSION, **facets, "details": details})
        self._audit.add(f"{body}\t{document.at.isoformat()}\t{key.team_id}\t{facets['actor']}\t{_ACTION}\t{public_id}")

    def _write_foreign(self) -> None:
        """Other people's images are known by what clusters call them alone."""
        team_id = self._keys[PLATFORM].team_id
        for report in self._schedule.reports:
            for record in report.records:
                if record.service < 0:
                    place, artifact_id = place_of(record, self._schedule.services), self._schedule.artifact_id(record)
                    self._streams["artifact"].add(f"{artifact_id}\t{self._schedule.digest(record)}\t\t")
                    at = self._clock.moment(report.at).isoformat()
                    self._streams["artifactname"].add(
                        f"{team_id}\t{artifact_id}\t{place.repository}\t{place.tag}\t{at}"
                    )

    def _public_id(self, at: datetime) -> str:
        """Return a UUIDv7 of that moment, as `supplychain.ids` makes them of the clock."""
        value = int(at.timestamp() * 1000) << 80 | self._random.getrandbits(76)
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0b11 << 62) | 0b10 << 62
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _array(texts: Sequence[str]) -> str:
    return "{" + ",".join(texts) + "}"
