"""The whole access matrix: the rows of all parts."""

from __future__ import annotations

from tests.access_matrix import drill_rows, policy_rows, response_rows, rows, told_rows, trust_rows

ROWS = (
    *rows.ROWS,
    *response_rows.ROWS,
    *policy_rows.ROWS,
    *trust_rows.ROWS,
    *drill_rows.ROWS,
    *told_rows.ROWS,
)
