"""What may run: blocks and freezes, and the decision about an artifact at its gate (docs/policy.md)."""
