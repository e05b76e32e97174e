"""The demo's workflow files show ways in of both kinds; what the next version of a file mends is gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from inventory.management.commands.load_demo import ESTATE
from inventory.management.demo_estate import Estate, Upload
from inventory.models import Finding, WorkflowVersion
from tests.demo_attestations import claims_of
from tests.factories import later, submit

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def uploads() -> list[Upload]:
    return [upload for upload in Estate(ESTATE).uploads(at=AT) if upload.label.endswith(".yml")]


def parameters(upload: Upload) -> dict[str, Any]:
    return {name: value for name, (value,) in parse_qs(urlsplit(upload.path).query).items()}


@pytest.mark.django_db
def test_findings_of_both_kinds_are_open_and_what_was_mended_is_closed(uploads: list[Upload]) -> None:
    for minutes, upload in enumerate(uploads):
        submit(upload.sender, upload.body, at=later(minutes), **parameters(upload))

    assert WorkflowVersion.objects.exclude(path="").count() == len(uploads)
    assert _found(is_open=False) == {
        ("storefront-web", "unpinned_tool", "run_as_it_arrives", "critical"),
        ("storefront-web", "unpinned_action", "tag", "high"),
    }
    assert _found(is_open=True) == {
        ("storefront-web", "unpinned_action", "branch", "critical"),
        ("checkout-api", "unpinned_action", "branch", "critical"),
        ("checkout-api", "unpinned_action", "tag", "high"),
        ("checkout-api", "unpinned_tool", "no_version", "medium"),
        ("report-builder", "unpinned_tool", "image_by_tag", "medium"),
        ("report-builder", "unpinned_tool", "checksum_beside", "low"),
    }


def test_the_newest_version_is_of_the_commit_that_the_newest_image_was_built_from(uploads: list[Upload]) -> None:
    newest = {(one := parameters(upload))["repository"].rpartition("/")[2]: one["commit"] for upload in uploads}
    images = json.loads((ESTATE / "images.json").read_text(encoding="utf-8"))

    for name in ("storefront-web", "checkout-api", "report-builder"):
        manifest = list(images[name].values())[-1]["manifest"]
        assert newest[name] == claims_of(name, manifest, branch="main")["13"], name


def test_every_workflow_file_is_sent(uploads: list[Upload]) -> None:
    assert sorted(upload.label for upload in uploads) == sorted(p.name for p in (ESTATE / "workflows").iterdir())


def _found(*, is_open: bool) -> set[tuple[str, str, str, str]]:
    found = Finding.objects.filter(closed_at__isnull=is_open)
    return {(one.repository.rpartition("/")[2], one.detector, one.rule, one.severity) for one in found}
