"""Posture documents for tests, in the shapes their tools write."""

from __future__ import annotations

import json
from typing import Any

from inventory.formats.read import read_document

COMMIT = "68bc59901773ab4c051dfcea0cc4201a1567ab32"

WORKFLOW = """\
name: Release
on:
  push:
    tags: ["v*"]
  workflow_dispatch:
permissions:
  contents: read
env:
  TOKEN: ${{ secrets.SHARED_TOKEN }}
jobs:
  build:
    runs-on: [self-hosted, linux]
    permissions:
      id-token: write
    environment: production
    container: node:20
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683  # v4.2.2
      - uses: tj-actions/changed-files@v45
      - uses: ./.github/actions/local
      - uses: docker://alpine@sha256:aaaa
      - run: cat secrets.txt
        if: secrets.GATE != ''
        env:
          KEY: ${{ secrets.AWS_KEY }} and ${{ secrets['OTHER'] }}
  publish:
    uses: Acme/Workflows/.github/workflows/publish.yml@main
    secrets: inherit
"""


def scorecard(**members: Any) -> dict[str, Any]:
    return {
        "date": "2026-02-03T10:30:43-06:00",
        "repo": {"name": "github.com/Acme/Shop", "commit": COMMIT},
        "scorecard": {"version": "v5.0.0", "commit": "c" * 40},
        "score": 7.5,
        "checks": [
            {"name": "Branch-Protection", "score": 8, "reason": "good", "details": None},
            {"name": "Fuzzing", "score": -1, "reason": "cannot tell", "details": None},
        ],
        **members,
    }


def sarif(*results: dict[str, Any], **members: Any) -> dict[str, Any]:
    rules = [{"id": "unpinned-uses", "defaultConfiguration": {"level": "error"}}, {"id": "artipacked"}]
    run = {"tool": {"driver": {"name": "zizmor", "version": "1.32.0", "rules": rules}}, "results": list(results)}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{**run, **members}],
    }


def result(**members: Any) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": ".github/workflows/ci.yml"}, "region": {"startLine": 7}}
    return {"message": {"text": "not pinned"}, "locations": [{"physicalLocation": place}], **members}


def protection(**members: Any) -> dict[str, Any]:
    return {
        "url": "https://api.github.com/repos/Acme/Shop/branches/release%2F1/protection",
        "required_pull_request_reviews": {
            "required_approving_review_count": 2,
            "require_code_owner_reviews": True,
            "dismiss_stale_reviews": False,
        },
        "required_status_checks": {
            "strict": True,
            "contexts": ["ci"],
            "checks": [{"context": "ci"}, {"context": "scan"}],
        },
        "enforce_admins": {"enabled": True},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": True},
        **members,
    }


def ruleset(**members: Any) -> dict[str, Any]:
    return {
        "id": 42,
        "name": "main is guarded",
        "target": "branch",
        "source_type": "Repository",
        "source": "Acme/Shop",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": ["refs/heads/dev*"]}},
        "rules": [
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
            {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "ci"}]}},
        ],
        **members,
    }


def read(document: Any) -> Any:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_document(data)


def codes(record: Any) -> list[str]:
    return [warning.code for warning in record.warnings]
