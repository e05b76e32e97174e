"""What web and worker may do with the tables of operations: each process tells of itself, and workers tidy up."""

from __future__ import annotations

from supplychain.database.grants import Grant, Grants

_TELL = "SELECT, INSERT, UPDATE"

GRANTS: Grants = {
    # A process that ends on purpose takes its own row away.
    "ops_processbeat": Grant(web=f"{_TELL}, DELETE", worker=f"{_TELL}, DELETE"),
    "ops_measure": Grant(web=_TELL, worker=f"{_TELL}, DELETE"),
    "ops_slowstatement": Grant(web=_TELL, worker=f"{_TELL}, DELETE"),
    "ops_operationalfact": Grant(web="SELECT", worker=_TELL),
}
