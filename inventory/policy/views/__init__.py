"""Pages of policy: blocks, and what was decided."""
