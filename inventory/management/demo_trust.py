"""Whom the demo estate trusts: Sigstore's public root, the demo's own, and the workflow that builds its images.

The demo's root and signatures are fixtures of tests/data/demo/attestations, made by tests/demo_attestations.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction

from inventory.management.public_root import public_root
from inventory.models import SignerState, TrustedSigner
from inventory.verification.changes import note_change
from inventory.verification.roots import load_first
from supplychain.access import audit

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from supplychain.access.actors import Actor

NAME: Final = "demo: the workflow that builds images"
BUILDER: Final = "https://github.com/nordwind-retail/build/.github/workflows/image.yml@refs/heads/main"


def trust_demo(folder: Path, *, actor: Actor, at: datetime) -> None:
    """Believe both roots and trust the demo's builder; a second time changes nothing."""
    load_first("sigstore", public_root(), actor=actor, at=at)
    load_first("demo", (folder / "attestations" / "trusted_root.json").read_bytes(), actor=actor, at=at)
    with transaction.atomic():
        signer, is_new = TrustedSigner.objects.get_or_create(
            name=NAME,
            defaults={
                "state": SignerState.ACCEPTED,
                "is_production": False,
                "issuer": "https://token.actions.githubusercontent.com",
                "identity": BUILDER,
                "builder_id": BUILDER,
                "owner_id": "1142001",
                "ref_pattern": "refs/heads/main|refs/tags/v[0-9.]+",
                "workflow_path": ".github/workflows/release.yml",
                "build_type": "https://actions.github.io/buildtypes/workflow/v1",
                "runner_environment": "github-hosted",
                "events": ["push", "release"],
                "parameters": ["workflow"],
                "maximum_level": 3,
                "created_at": at,
            },
        )
        if is_new:
            audit.record(actor, "signer.accepted", subject=str(signer.public_id), details={"name": NAME}, at=at)
            note_change("the demo's signer", at=at)
