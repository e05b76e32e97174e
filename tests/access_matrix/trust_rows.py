"""Rows of the access matrix about trust: signers, roots, compromises."""

from __future__ import annotations

from tests.access_matrix.rows import DECIDE, NARROW, NO_PERSON, POLICY, Row
from tests.trust_lab import Lab

SIGNER = {"public_id": "signer"}
# Roots of trust are the organisation's: one that counts, and one that waits for a second person.
ACTIVE_ROOT, PROPOSED_ROOT = {"name": "=lab", "number": "=1"}, {"name": "=lab", "number": "=2"}
THIRD_ROOT = Lab().trusted_root().decode()

ROWS = (
    Row(route="api/v1/signers", scopes=POLICY),
    Row(
        route="api/v1/signers",
        method="POST",
        scopes=DECIDE,
        body={"name": "release", "team": "{team}", "issuer": "https://i.example", "identity": "https://i.example/a"},
        ok=201,
        missing=400,
        refused=NO_PERSON,
    ),
    Row(route="api/v1/signers/<uuid:public_id>", scopes=POLICY, path=SIGNER),
    *(
        Row(
            route=f"api/v1/signers/<uuid:public_id>/{decision}",
            method="POST",
            scopes=scopes,
            path=SIGNER,
            body={},
            ok=ok,
            refused=NO_PERSON,
        )
        for decision, scopes, ok in (("accept", DECIDE, 200), ("reject", DECIDE, 200), ("revoke", NARROW, 409))
    ),
    Row(route="api/v1/roots", scopes=POLICY),
    Row(
        route="api/v1/roots",
        method="POST",
        scopes=DECIDE,
        body={"name": "other", "trusted_root": THIRD_ROOT},
        ok=201,
        missing=201,
        refused=NO_PERSON,
    ),
    Row(route="api/v1/roots/<slug:name>/<int:number>", scopes=POLICY, path=ACTIVE_ROOT, missing=200),
    Row(route="api/v1/roots/<slug:name>/<int:number>/raw", scopes=POLICY, path=ACTIVE_ROOT, missing=200),
    *(
        Row(
            route=f"api/v1/roots/<slug:name>/<int:number>/{decision}",
            method="POST",
            scopes=DECIDE,
            path=root,
            body={},
            missing=200,
            refused=NO_PERSON,
        )
        for decision, root in (("approve", PROPOSED_ROOT), ("withdraw", PROPOSED_ROOT), ("retire", ACTIVE_ROOT))
    ),
    Row(route="api/v1/compromises", scopes=POLICY),
    Row(
        route="api/v1/compromises",
        method="POST",
        scopes=NARROW,
        body={"kind": "builder", "value": "https://b.example", "since": "2026-03-01T00:00:00Z", "reason": "stolen"},
        ok=201,
        missing=201,
        refused=NO_PERSON,
    ),
    Row(
        route="api/v1/compromises/<uuid:public_id>/lift",
        method="POST",
        scopes=NARROW,
        path={"public_id": "compromise"},
        body={},
        refused=NO_PERSON,
        no_secret="What was compromised is the organisation's to know.",
    ),
    Row(route="roots", scopes=POLICY),
    Row(route="roots/propose", method="POST", scopes=DECIDE, form={"name": "other"}, ok=400, missing=400),
    Row(route="roots/<slug:name>/<int:number>", scopes=POLICY, path=ACTIVE_ROOT, missing=200),
    *(
        Row(
            route=f"roots/<slug:name>/<int:number>/{decision}",
            method="POST",
            scopes=DECIDE,
            path=root,
            form={},
            ok=303,
            missing=303,
        )
        for decision, root in (("approve", PROPOSED_ROOT), ("withdraw", PROPOSED_ROOT), ("retire", ACTIVE_ROOT))
    ),
    Row(route="compromises", scopes=POLICY),
    Row(
        route="compromises",
        method="POST",
        scopes=NARROW,
        form={"kind": "builder", "value": "https://b.example", "since": "2026-03-01T10:00", "reason": "stolen"},
        ok=303,
        missing=303,
    ),
    Row(
        route="compromises/<uuid:public_id>/lift",
        method="POST",
        scopes=NARROW,
        path={"public_id": "compromise"},
        form={},
        ok=303,
        no_secret="What was compromised is the organisation's to know.",
    ),
    Row(route="signers", scopes=POLICY),
    *(
        Row(
            route=f"signers/<uuid:public_id>/{decision}",
            method="POST",
            scopes=scopes,
            path=SIGNER,
            form={"note": "looked"},
            ok=ok,
        )
        for decision, scopes, ok in (("accept", DECIDE, 303), ("reject", DECIDE, 303), ("revoke", NARROW, 409))
    ),
)
