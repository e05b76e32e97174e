"""Workflow files as detectors see them, read by the reader of such files."""

from __future__ import annotations

import json
from collections.abc import Sequence

from inventory.detectors.publishing import JobFact, publishers_of
from inventory.detectors.records import DownloadFact, Hit, Place, UseFact, WorkflowFacts
from inventory.detectors.workflows import detect
from inventory.formats.posture.workflow_records import WorkflowRecord
from tests.inventory.formats.posture.documents import read

PATH = ".github/workflows/ci.yml"


def workflow(*steps: str, head: str = "", trigger: str = "push") -> str:
    """Write a workflow of one job with these steps, each a `run: …` or `uses: …` as it stands in a file."""
    lines = "".join(f"      - {step}\n" for step in steps)
    return f"on: {trigger}\njobs:\n  test:\n    runs-on: ubuntu-latest\n{head}    steps:\n{lines}"


def script(text: str) -> str:
    """Write a step that runs a script, whatever stands in it."""
    return f"run: {json.dumps(text)}"


def found(text: str, *, path: str = PATH) -> Sequence[Hit]:
    document = read(text.encode())
    assert isinstance(document, WorkflowRecord)
    return detect(facts_of(document, path=path))


def facts_of(record: WorkflowRecord, *, path: str = PATH) -> WorkflowFacts:
    jobs = [
        JobFact(job.name, None if job.permissions is None else dict(job.permissions), job.environment)
        for job in record.jobs
    ]
    return WorkflowFacts(
        publishers=publishers_of(path=path, name=record.name, triggers=record.triggers, jobs=jobs),
        uses=tuple(
            UseFact(
                Place(use.job, use.step, use.line), use.kind, use.given, use.owner_repository, use.path, use.ref,
                use.ref_kind,
            )
            for use in record.uses
        ),
        downloads=tuple(
            DownloadFact(Place(one.job, one.step, one.line), one.url, one.is_run, one.check, one.checksums)
            for one in record.downloads
        ),
    )  # fmt: skip
