"""What web and worker may do with the incidents' tables (supplychain/database/grants.py tells how it is read)."""

from __future__ import annotations

from supplychain.database.grants import Grant, Grants

GRANTS: Grants = {
    # A worker that asks an incident again turns the pages of a long answer, too.
    "incidents_impactpage": Grant(
        web="SELECT, INSERT, UPDATE (artifacts, classes), DELETE",
        worker="SELECT, INSERT, UPDATE (artifacts, classes), DELETE",
    ),
    # A run, a page and a line of the timeline are written once; nobody changes what was known or done.
    "incidents_incident": Grant(
        web="SELECT, INSERT, UPDATE (title, severity, stage, owner_id, question, is_exploited, is_severe, aware_at, "
        "fixed_at, changed_at, closed_at, version, run_count, event_count)",
        worker="SELECT, UPDATE (changed_at, version, run_count, event_count)",
    ),
    "incidents_incidentteam": Grant(
        web="SELECT, INSERT, UPDATE (acknowledged_at, acknowledged_by)", worker="SELECT, INSERT"
    ),
    "incidents_queryrun": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_queryrungist": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_queryrunpage": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_incidentevent": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_incidentservice": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_incidentplace": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_recoverystamp": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_legalreport": Grant(web="SELECT, INSERT", worker="SELECT"),
    # What an action is, and what it rests on, never changes; a worker notes what a newer answer says of it,
    # and what evidence proves done.
    "incidents_containmentaction": Grant(
        web="SELECT, INSERT, UPDATE (title, owner_id, team_id, due_at, evidence_after, is_basis_withdrawn, state, "
        "changed_at, done_by, done_at, reopened_by, version)",
        worker="SELECT, INSERT, UPDATE (evidence_after, is_basis_withdrawn, state, changed_at, done_by, done_at, "
        "version)",
    ),
    # A drill and its result are written once: nobody improves a result afterwards.
    "incidents_drill": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_drillresult": Grant(web="SELECT", worker="SELECT, INSERT"),
    # A watch tells what matched before it was there from the page that makes it, what comes later from a worker.
    "incidents_watch": Grant(web="SELECT, INSERT, UPDATE (name, is_paused, ended_at)", worker="SELECT"),
    "incidents_watchhit": Grant(web="SELECT, INSERT", worker="SELECT, INSERT"),
    "incidents_followedevidence": Grant(web="SELECT", worker="SELECT, INSERT, UPDATE"),
    "incidents_livequestion": Grant(web="SELECT", worker="SELECT, INSERT, UPDATE, DELETE"),
}
