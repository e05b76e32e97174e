"""`verify_bundle`: says what was proven, and ends with an error unless all of it was."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.trust_lab import ISSUER, WORKFLOW, Lab, statement


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab()
    (tmp_path / "root.json").write_bytes(made.trusted_root())
    (tmp_path / "bundle.json").write_text(json.dumps(made.dsse_bundle(statement())), encoding="utf-8")
    (tmp_path / "shop").write_bytes(b"shop")
    (tmp_path / "other").write_bytes(b"other")
    return made


def run(folder: Path, *options: str, root: bool = True) -> str:
    output = StringIO()
    with_root = ["--root", str(folder / "root.json")] if root else []
    call_command("verify_bundle", str(folder / "bundle.json"), *with_root, *options, stdout=output)
    return output.getvalue()


def test_it_says_who_signed_what_and_when(lab: Lab, tmp_path: Path) -> None:
    told = run(tmp_path, "--artifact", str(tmp_path / "shop"))

    assert f"by: {WORKFLOW}" in told
    assert f"issuer: {ISSUER}" in told
    assert f"signed: {lab.at.isoformat()}" in told
    assert "VERIFIED" in told


def test_another_file_is_refused(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="subject_mismatch"):
        run(tmp_path, "--artifact", str(tmp_path / "other"))


def test_a_bundle_of_an_unknown_instance_is_not_verified(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="unsupported, root_unknown"):
        run(tmp_path, root=False)


def test_a_broken_root_is_told(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text("{}", encoding="utf-8")

    with pytest.raises(CommandError, match="root of trust"):
        run(tmp_path)
