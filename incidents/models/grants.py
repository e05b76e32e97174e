"""What web and worker may do with the incidents' tables (supplychain/database/grants.py tells how it is read)."""

from __future__ import annotations

from supplychain.database.grants import Grant, Grants

GRANTS: Grants = {
    "incidents_impactpage": Grant(web="SELECT, INSERT, UPDATE (artifacts, classes), DELETE", worker=""),
}
