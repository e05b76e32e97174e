"""`verify_bundle FILE`: judge one Sigstore bundle offline, and say step by step what was proven."""

from __future__ import annotations

import hashlib
from argparse import FileType
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from inventory.formats.read import read_document
from inventory.management.public_root import public_root

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from inventory.trust.evaluation import Evaluation


class Command(BaseCommand):
    help = "Verify a Sigstore bundle, offline. Ends with 1 unless it is valid and, with --artifact, about that file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("bundle", type=FileType("rb"), help="A bundle, version 0.1 to 0.3")
        parser.add_argument("--root", type=Path, help="A trusted_root.json; without it Sigstore's public one")
        parser.add_argument("--artifact", type=Path, help="The file that it must be about")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        from inventory.trust.bundles import Verifier, verify_bundle  # noqa: PLC0415  a second and 70 MB
        from inventory.trust.meaning import understand  # noqa: PLC0415  as above
        from inventory.trust.roots import BadRootError, load_root  # noqa: PLC0415  as above

        try:
            root = load_root(options["root"].read_bytes() if options["root"] else public_root())
        except (BadRootError, OSError) as error:
            raise CommandError(f"The root of trust cannot be read: {error}") from error
        evaluation = verify_bundle(options["bundle"].read(), verifier=Verifier(root, {}, datetime.now(UTC)))
        meaning = understand(evaluation, read_document=read_document)
        self._tell(evaluation)
        if meaning is None:
            raise CommandError(f"NOT VERIFIED ({evaluation.outcome}, {evaluation.code}): {evaluation.message}")
        about = {str(digest) for digest in meaning.digests}
        self.stdout.write(f"about: {', '.join(sorted(about)) or 'nothing that has a digest we accept'}")
        if options["artifact"] is not None and not about & _digests_of(options["artifact"]):
            raise CommandError("NOT VERIFIED (failed, subject_mismatch): it is about something else than this file.")
        self.stdout.write("VERIFIED: signed as said above. Whether to trust that signer is yours to say.")

    def _tell(self, evaluation: Evaluation) -> None:
        passed = ", ".join(f"{step.value} {step.name.lower()}" for step in evaluation.steps)
        self.stdout.write(f"root: {evaluation.root_version}\npassed: {passed or 'nothing'}")
        if evaluation.not_checked:
            self.stdout.write(f"not checked: {', '.join(step.name.lower() for step in evaluation.not_checked)}")
        if evaluation.signed_at is not None:
            self.stdout.write(f"signed: {evaluation.signed_at.isoformat()}")
        if evaluation.claims is not None:
            self.stdout.write(f"by: {evaluation.claims.identity}\nissuer: {evaluation.claims.issuer}")


def _digests_of(path: Path) -> set[str]:
    data = path.read_bytes()
    return {f"{name}:{hashlib.new(name, data).hexdigest()}" for name in ("sha256", "sha384", "sha512")}
