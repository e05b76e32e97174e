"""Which builds a bad action, tool or image exposed, and what came out of them (domain.md D9)."""
