"""How far each service is recovered: what is proven, what is missing, and by which evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from incidents.export.members import json_member
from incidents.recovery.proofs import Proof

if TYPE_CHECKING:
    from collections.abc import Iterator

    from incidents.export.members import Member
    from incidents.export.subject import Subject
    from incidents.recovery.proofs import Proven
    from incidents.recovery.standing import ServiceStanding


def recovery_members(subject: Subject) -> Iterator[Member]:
    """Give recovery.json. The seventh proof is this pack itself, and left out: it would make each pack another."""
    yield json_member("recovery.json", [_service(one) for one in subject.recovery.services])


def _service(one: ServiceStanding) -> dict[str, object]:
    return {
        "service": one.service.title,
        "team": one.service.team.slug,
        "is_withdrawn": one.found.is_withdrawn,
        "recovered_at": one.recovered_at,
        "lost_at": one.lost_at,
        "old": sorted(one.found.old),
        "new": sorted(one.found.new),
        "proofs": [_proof(proof) for proof in one.found.proofs if proof.proof is not Proof.PACK_EXPORTED],
    }


def _proof(proof: Proven) -> dict[str, object]:
    return {
        "proof": proof.proof.value,
        "state": proof.state.value,
        "reasons": [{"code": reason.code, "about": reason.about} for reason in proof.reasons],
        "evidence": [{"kind": link.kind, "ref": link.ref} for link in proof.evidence],
    }
