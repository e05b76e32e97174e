"""Readers of attestations: statements and the envelopes they come in. Nothing here verifies a signature."""
