"""What has to come in before a service counts as recovered: seven proofs, computed from evidence."""
