"""From a real signed bundle to the trace: sent, verified by the worker, judged, drawn; and again when trust is lost."""

from __future__ import annotations

import json

import pytest

from inventory.graph.pipeline import PipelineFilter, read_pipeline
from inventory.graph.trace import read_trace
from inventory.graph.trace_links import LinkKind
from inventory.models import SignerState, TrustedSigner
from inventory.models.verification import Verdict
from inventory.verification.changes import note_change
from tests.factories import SEES_ALL, deployment, report
from tests.trust_lab import statement
from tests.trusted import NOW, send, trusting_lab, verify

pytestmark = pytest.mark.django_db


def test_a_bundle_of_a_trusted_workflow_proves_the_chain_until_its_signer_is_revoked():
    lab = trusting_lab()
    payload = statement()
    digest = f"sha256:{json.loads(payload)['subject'][0]['digest']['sha256']}"
    send(lab.dsse_bundle(payload))
    report("shop", deployment(digest=digest))

    before = read_trace(digest, actor=SEES_ALL)
    assert (before.verdict, before.gap) == (Verdict.UNSUPPORTED, LinkKind.SOURCE)

    verify()
    trace = read_trace(digest, actor=SEES_ALL)
    (row,) = read_pipeline(PipelineFilter(), after=None, limit=None, actor=SEES_ALL).page.rows

    assert (trace.verdict, trace.slsa_build_level, trace.needs) == (Verdict.VERIFIED_EXPECTED, 3, ())
    assert [link.kind.value for link in trace.links if link.state == "verified"] == [
        "source", "commit", "workflow", "builder", "digest", "signature"
    ]  # fmt: skip
    assert trace.gap is LinkKind.REVIEW
    assert row.kind == "expected"

    TrustedSigner.objects.update(state=SignerState.REVOKED)
    note_change("the signer was revoked", at=NOW)

    assert read_trace(digest, actor=SEES_ALL).verdict is Verdict.UNSUPPORTED, "at once"

    verify()
    after = read_trace(digest, actor=SEES_ALL)

    assert (after.verdict, after.gap) == (Verdict.VERIFIED_UNEXPECTED, LinkKind.SOURCE)
    assert "verified" not in {link.state.value for link in after.links}
