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
    Row(
        route="api/v1/incidents/<uuid:public_id>/actions",
        method="PATCH",
        scopes=RESPOND | SEND,
        path=INCIDENT,
        body={"numbers": [1], "note": "seen"},
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
    Row(route="api/v1/incidents/<uuid:public_id>/reports", scopes=ASK, path=INCIDENT),
    Row(
        route="api/v1/incidents/<uuid:public_id>/reports",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        body={"duty": "severe_incident", "report": "early_warning"},
        ok=409,
    ),
    *(
        Row(
            route=f"incidents/<uuid:public_id>/{form}",
            method="POST",
            scopes=scopes,
            path=path,
            form=fields,
            ok=ok,
        )
        for form, scopes, path, fields, ok in (
            ("actions/take", RESPOND, INCIDENT, {"key": "sha256:none"}, 303),
            ("actions/make", RESPOND, INCIDENT, {"kind": "rotate", "target": "TOKEN"}, 303),
            ("actions/change", RESPOND | SEND, INCIDENT, {"number": "1", "state": "done"}, 303),
            ("report", RESPOND, INCIDENT, {"duty": "severe_incident", "report": "early_warning"}, 409),
            ("flags", RESPOND, INCIDENT, {"is_severe": "true"}, 303),
        )
    ),
)
