"""Sigstore's own vectors for clients: what ends in `_fail` must not be verified, everything else must be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.conformance.frame import Case, Suite
from tests.conformance.trust import PUBLIC_ROOT, REFUSED, VERIFIED, judge, key_at, root_at

_FOLDER: Final = "sigstore-conformance/sigstore-conformance/bundle-verify"


def _cases(corpus: Path) -> Iterator[Case]:
    for folder in sorted(path for path in (corpus / _FOLDER).iterdir() if path.is_dir()):
        expected = REFUSED if folder.name.endswith("_fail") else VERIFIED
        yield Case(folder.name, expected, _judged(folder, corpus))


def _judged(folder: Path, corpus: Path) -> str:
    data = (folder / "bundle.sigstore.json").read_bytes()
    root, key = folder / "trusted_root.json", folder / "key.pub"
    keys = {}
    if key.exists():
        hint = json.loads(data)["verificationMaterial"].get("publicKey", {}).get("hint", "")
        keys = {hint: key_at(key)}
    artifact = folder / "artifact"
    return judge(
        data,
        root=root_at(root if root.exists() else corpus / PUBLIC_ROOT),
        keys=keys,
        artifact=(artifact if artifact.exists() else folder.parent / "a.txt").read_bytes(),
    )


SUITE: Final = Suite(
    "sigstore_client", "Sigstore's vectors for clients: verified or not.", (_FOLDER, "trust-roots"), _cases
)
