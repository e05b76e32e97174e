"""The access matrix of policy: blocks, decisions, admission (see rows.py)."""

from __future__ import annotations

from tests.access_matrix.rows import NARROW, NO_PERSON, POLICY, Row

BLOCK = {"public_id": "block"}
_NO_SECRET = "What is blocked is the organisation's to know."

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
)
