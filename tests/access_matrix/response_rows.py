"""The access matrix of how an incident is responded to: actions, credentials, recovery, reports (see rows.py)."""

from __future__ import annotations

from tests.access_matrix.rows import ASK, INCIDENT, RESPOND, RUN, SEND, Row

ROWS = (
    Row(route="api/v1/incidents/<uuid:public_id>/actions", scopes=ASK, path=INCIDENT),
    Row(
        route="api/v1/incidents/<uuid:public_id>/actions",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        body={"kind": "rotate", "target": {"credential": "TOKEN"}},
        ok=201,
    ),
    Row(route="api/v1/incidents/<uuid:public_id>/actions/proposed", scopes=ASK, path=INCIDENT),
    Row(
        route="api/v1/incidents/<uuid:public_id>/actions/proposed",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        body={"keys": []},
    ),
    Row(route="api/v1/incidents/<uuid:public_id>/actions/<int:number>", scopes=ASK, path=RUN),
    Row(
        route="api/v1/incidents/<uuid:public_id>/actions/<int:number>",
        method="PATCH",
        scopes=RESPOND | SEND,
        path=RUN,
        body={"note": "seen"},
    ),
    Row(route="api/v1/incidents/<uuid:public_id>/credentials", scopes=ASK, path=INCIDENT),
    Row(route="api/v1/incidents/<uuid:public_id>/recovery", scopes=ASK, path=INCIDENT),
)
