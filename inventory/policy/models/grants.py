"""What web and worker may do with the tables of policy (supplychain/database/grants.py tells how it is read)."""

from __future__ import annotations

from supplychain.database.grants import Grant, Grants

GRANTS: Grants = {
    # What a block says is written once; only its end is added. Workers read: what they find out binds by the blocks.
    "policy_block": Grant(
        web="SELECT, INSERT, UPDATE (lift_asked_by_id, lift_asked_at, lift_reason, expires_at, lifted_by_id, lifted_at,"
        " ends_at)",
        worker="SELECT, INSERT",
    ),
    "policy_decision": Grant(web="SELECT, INSERT", worker="SELECT"),
}
