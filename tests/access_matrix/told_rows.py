"""The access matrix of who is told: channels and deliveries (see rows.py)."""

from __future__ import annotations

from tests.access_matrix.rows import ASK, INCIDENT, NO_PERSON, Row

# A team's own people, who runs incidents, who runs the installation; channels.py says which of them, and no key.
MANAGE = frozenset({"incidents:write", "evidence:write", "admin"})
APPROVER = {"approver": 403}
WATCH = {"public_id": "watch"}
CHANNEL, DELIVERY = {"public_id": "channel"}, {"public_id": "delivery"}
HOOK = "https://hooks.example.com/x"
_PAGE = "settings/notifications"

ROWS = (
    Row(route="api/v1/channels", scopes=ASK),
    Row(
        route="api/v1/channels",
        method="POST",
        scopes=MANAGE,
        body={"name": "on call", "kind": "slack", "target": HOOK, "team": "{team}"},
        ok=201,
        missing=400,
        refused=NO_PERSON,
    ),
    Row(route="api/v1/channels/<uuid:public_id>", scopes=ASK, path=CHANNEL),
    Row(
        route="api/v1/channels/<uuid:public_id>",
        method="PATCH",
        scopes=MANAGE,
        path=CHANNEL,
        body={"is_paused": True},
        refused=NO_PERSON,
    ),
    Row(
        route="api/v1/channels/<uuid:public_id>",
        method="DELETE",
        scopes=MANAGE,
        path=CHANNEL,
        ok=204,
        refused=NO_PERSON,
    ),
    Row(
        route="api/v1/channels/<uuid:public_id>/test",
        method="POST",
        scopes=MANAGE,
        path=CHANNEL,
        ok=202,
        refused=NO_PERSON,
    ),
    # Only webhooks have a key.
    Row(
        route="api/v1/channels/<uuid:public_id>/key",
        method="POST",
        scopes=MANAGE,
        path=CHANNEL,
        ok=409,
        refused=NO_PERSON,
    ),
    Row(route="api/v1/deliveries", scopes=ASK),
    Row(route="api/v1/deliveries", scopes=ASK, query={"channel": "{channel}"}, missing=200),
    Row(route="api/v1/deliveries/<uuid:public_id>", scopes=ASK, path=DELIVERY),
    Row(
        route="api/v1/deliveries/<uuid:public_id>/replay",
        method="POST",
        scopes=MANAGE,
        path=DELIVERY,
        ok=202,
        refused=NO_PERSON,
    ),
    # watches
    Row(route="api/v1/watches", scopes=ASK),
    Row(
        route="api/v1/watches",
        method="POST",
        scopes=ASK,
        body={"name": "left-pad", "text": "{package}"},
        ok=201,
        missing=201,
        own_transaction=True,
    ),
    Row(route="api/v1/watches/<uuid:public_id>", scopes=ASK, path=WATCH),
    Row(
        route="api/v1/watches/<uuid:public_id>",
        method="PATCH",
        scopes=ASK,
        path=WATCH,
        body={"name": "other"},
        changes=True,
    ),
    Row(route="api/v1/watches/<uuid:public_id>", method="DELETE", scopes=ASK, path=WATCH, ok=204, changes=True),
    Row(route="api/v1/watches/<uuid:public_id>/hits", scopes=ASK, path=WATCH),
    # pages
    Row(route="watches", scopes=ASK),
    Row(
        route="watches",
        method="POST",
        scopes=ASK,
        form={"name": "left-pad", "q": "left-pad"},
        ok=303,
        missing=303,  # it names no object, it makes one
        own_transaction=True,
    ),
    Row(route="watches/<uuid:public_id>", scopes=ASK, path=WATCH),
    Row(
        route="watches/<uuid:public_id>/change",
        method="POST",
        scopes=ASK,
        path=WATCH,
        form={"paused": "true"},
        ok=303,
        changes=True,
    ),
    Row(route="watches/<uuid:public_id>/end", method="POST", scopes=ASK, path=WATCH, form={}, ok=303, changes=True),
    Row(route="incidents/<uuid:public_id>/live", scopes=ASK, path=INCIDENT),
    Row(route=_PAGE, scopes=ASK),
    Row(
        route=_PAGE,
        method="POST",
        scopes=ASK,
        form={"name": "on call", "kind": "slack", "target": HOOK, "team": "{team}"},
        missing=403,
        refused=APPROVER,
        changes=True,
    ),
    Row(route=f"{_PAGE}/<uuid:public_id>", scopes=ASK, path=CHANNEL),
    *(
        Row(
            route=f"{_PAGE}/<uuid:public_id>/{deed}",
            method="POST",
            scopes=ASK,
            path=CHANNEL,
            form=form,
            ok=ok,
            refused=APPROVER,
            changes=True,
        )
        for deed, form, ok in (
            ("change", {"paused": "true"}, 303),
            ("test", {}, 303),
            ("key", {}, 409),
            ("end", {}, 303),
        )
    ),
    Row(
        route=f"{_PAGE}/deliveries/<uuid:public_id>/replay",
        method="POST",
        scopes=ASK,
        path=DELIVERY,
        form={},
        ok=303,
        refused=APPROVER,
        changes=True,
    ),
)
