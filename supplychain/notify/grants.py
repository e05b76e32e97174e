"""What web and worker may do with notifications: the web server publishes and shows, workers deliver."""

from __future__ import annotations

from supplychain.database.grants import Grant, Grants

GRANTS: Grants = {
    "notify_channel": Grant(
        web="SELECT, INSERT, UPDATE (name, shown_target, event_kinds, severities, environments, only_production,"
        " is_paused, ended_at, rests_until, failure_count)",
        worker="SELECT, UPDATE (rests_until, failure_count)",
    ),
    # Whoever takes the web server over reads no address and no signing key out of the database.
    "notify_channelsecret": Grant(
        web="SELECT (id, channel_id, purpose, made_at, retires_at), INSERT, UPDATE (retires_at)", worker="SELECT"
    ),
    "notify_delivery": Grant(
        web="SELECT, INSERT, UPDATE (state, ended_at, last_problem)",
        worker="SELECT, INSERT, UPDATE (state, attempt_count, due_at, ended_at, last_problem)",
    ),
    "notify_deliveryattempt": Grant(web="SELECT", worker="SELECT, INSERT"),
}
