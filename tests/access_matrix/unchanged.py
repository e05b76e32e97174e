"""What no question may change: the tables of all that is kept, and how to tell that one is as it was."""

from __future__ import annotations

from typing import Any

from django.db import connection

EXPORT = "api/v1/incidents/<uuid:public_id>/export"
"""The one question that is told where it is asked: who took a pack out stands on the timeline."""
UNCHANGED = (
    *("inventory_evidence", "inventory_evidencestate", "inventory_cluster", "inventory_runinterval"),
    *("access_apikey", "access_team", "access_user", "access_membership", "mfa_authenticator"),
    *("incidents_incident", "incidents_incidentevent", "incidents_queryrun", "incidents_incidentteam"),
    *("incidents_containmentaction", "incidents_incidentservice", "incidents_incidentplace"),
    *("incidents_recoverystamp", "incidents_legalreport", "incidents_watch", "notify_channel", "notify_delivery"),
    *("inventory_trustedsigner", "inventory_signerdecision", "inventory_compromise", "inventory_trustchange"),
    "policy_block",
)


def content_of(table: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(sum(hashtext(t::text)::bigint), 0) FROM {table} t")
        return cursor.fetchone()
