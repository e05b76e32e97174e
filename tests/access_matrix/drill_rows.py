"""The access matrix of drills (see rows.py)."""

from __future__ import annotations

from tests.access_matrix.rows import ASK, RESPOND, Row

DRILL = {"public_id": "drill"}
# A drill asks of the whole organisation, and so does who starts one.
_OF_A_TEAM = {"own key": 403, "stranger's key": 403, "own session": 403, "stranger's session": 403}
_NO_SECRET = "That the answer was rehearsed is the organisation's to know; what was rehearsed is shown to who sees all."

ROWS = (
    Row(route="api/v1/drills", scopes=ASK),
    Row(
        route="api/v1/drills",
        method="POST",
        scopes=RESPOND,
        body={"component": "pkg:npm/lodash@4.17.20"},
        ok=202,
        missing=202,
        refused=_OF_A_TEAM,
    ),
    Row(route="api/v1/drills/<uuid:public_id>", scopes=ASK, path=DRILL, no_secret=_NO_SECRET),
    Row(route="drills", scopes=ASK),
    Row(route="drills", method="POST", scopes=RESPOND, form={"component": ""}, ok=303, missing=303, refused=_OF_A_TEAM),
    Row(route="drills/<uuid:public_id>", scopes=ASK, path=DRILL, no_secret=_NO_SECRET),
)
