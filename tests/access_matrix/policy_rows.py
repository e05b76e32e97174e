"""The access matrix of policy: blocks, decisions, admission (see rows.py)."""

from __future__ import annotations

from tests.access_matrix.rows import ARTIFACT, INCIDENT, NARROW, NO_PERSON, POLICY, RESPOND, Row

BLOCK = {"public_id": "block"}
_NO_SECRET = "What is blocked is the organisation's to know."

GATE = frozenset({"admission:review"})
_ECHOED = "It answers with the decision's own id and time; tests/inventory/policy/test_gate_api.py compares the rest."
POD = {"containers": [{"name": "app", "image": "registry.example/shop@{artifact}"}]}
REVIEW = {
    "apiVersion": "admission.k8s.io/v1",
    "kind": "AdmissionReview",
    "request": {"uid": "u", "kind": {"kind": "Pod"}, "operation": "CREATE", "object": {"spec": POD}},
}

ROWS = (
    Row(route="api/v1/blocks", scopes=POLICY),
    Row(
        route="api/v1/blocks",
        method="POST",
        scopes=NARROW,
        body={"kind": "artifact", "selector": {"digest": "{artifact}"}, "reason": "stolen"},
        ok=201,
        missing=201,
        refused=NO_PERSON,
    ),
    Row(route="api/v1/blocks/<uuid:public_id>", scopes=POLICY, path=BLOCK, no_secret=_NO_SECRET),
    Row(
        route="api/v1/blocks/<uuid:public_id>/lift",
        method="POST",
        scopes=NARROW,
        path=BLOCK,
        body={"reason": "rebuilt"},
        refused=NO_PERSON,
        no_secret=_NO_SECRET,
    ),
    Row(
        route="api/v1/blocks/<uuid:public_id>/keep",
        method="POST",
        scopes=NARROW,
        path=BLOCK,
        body={},
        ok=409,
        refused=NO_PERSON,
        no_secret=_NO_SECRET,
    ),
    Row(route="api/v1/artifacts/<str:digest>/decision", scopes=POLICY, path=ARTIFACT, missing=200, no_secret=_ECHOED),
    Row(route="api/v1/decisions", scopes=POLICY),
    Row(route="api/v1/decisions", scopes=POLICY, query={"digest": "{artifact}"}, missing=200),
    Row(route="api/v1/decisions", scopes=POLICY, query={"cluster": "{cluster}"}, missing=200),
    Row(route="api/v1/decisions/<uuid:public_id>", scopes=POLICY, path={"public_id": "decision"}),
    *(
        Row(
            route=f"api/v1/admission/{envelope}",
            method="POST",
            scopes=GATE,
            body=body,
            ok=403,  # none of the askers is bound to a cluster
            missing=403,
        )
        for envelope, body in (("kubernetes", REVIEW), ("gatekeeper", {}), ("kyverno", {}))
    ),
    Row(
        route="api/v1/incidents/<uuid:public_id>/blocks",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        body={"blocks": [{"kind": "service", "selector": {"service": "{service}"}}], "reason": "stolen"},
        ok=201,
        refused=NO_PERSON,
    ),
    # pages
    Row(route="blocks", scopes=POLICY),
    Row(
        route="blocks",
        method="POST",
        scopes=NARROW,
        form={"kind": "artifact", "value": "{artifact}", "reason": "stolen"},
        ok=303,
        missing=303,
    ),
    Row(
        route="blocks/<uuid:public_id>/lift",
        method="POST",
        scopes=NARROW,
        path=BLOCK,
        form={"reason": "rebuilt"},
        ok=303,
        no_secret=_NO_SECRET,
    ),
    Row(
        route="blocks/<uuid:public_id>/keep",
        method="POST",
        scopes=NARROW,
        path=BLOCK,
        form={},
        ok=409,
        no_secret=_NO_SECRET,
    ),
    Row(route="decisions", scopes=POLICY),
    Row(route="decisions", scopes=POLICY, query={"digest": "{artifact}"}, missing=200),
    Row(route="decisions/<uuid:public_id>", scopes=POLICY, path={"public_id": "decision"}),
)
